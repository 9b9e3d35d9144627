package dev.holdfast.agent.routing;

import dev.holdfast.core.MonoTime;
import dev.holdfast.core.config.Routing;
import dev.holdfast.core.decide.ClientAddresses;
import dev.holdfast.core.decide.ClientAddresses.Wanted;
import dev.holdfast.core.decide.Decision;
import dev.holdfast.core.decide.Observation;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the guard which addresses to hold, and until when; the guard takes them, and gives them up
 * by itself. Which they are is {@code core}'s to say.
 */
public final class AddressKeeper {
    private static final Logger LOG = LoggerFactory.getLogger(AddressKeeper.class);

    /** The guard, which holds the addresses named last until the instant, and no others. */
    public interface Holder {
        CompletableFuture<Void> addresses(MonoTime until, String list);
    }

    private final Supplier<Optional<Routing.Vip>> config;
    private final Holder holder;
    private final Executor loop;
    private final Consumer<String> journal;

    // Of the thread of the turns.
    private Wanted told = Wanted.NONE;
    private String refused = "";

    /**
     * @param config as the member's file has it now
     * @param loop the thread of the turns
     */
    public AddressKeeper(
            Supplier<Optional<Routing.Vip>> config,
            Holder holder,
            Executor loop,
            Consumer<String> journal) {
        this.config = config;
        this.holder = holder;
        this.loop = loop;
        this.journal = journal;
    }

    /** What a turn saw; on the thread of the turns, and quick. */
    public void onTurn(Observation seen, Decision decided) {
        Optional<Routing.Vip> vip = config.get();
        Wanted wanted = vip.map(v -> ClientAddresses.wanted(v, seen, decided)).orElse(Wanted.NONE);
        if (wanted.equals(told)) {
            return;
        }
        told = wanted;
        String list =
                wanted.addresses().stream()
                        .map(address -> vip.orElseThrow().device() + " " + address)
                        .collect(Collectors.joining(","));
        var _ =
                holder.addresses(wanted.until(), list)
                        .whenCompleteAsync((_, failure) -> answered(wanted, failure), loop);
    }

    /** What was not done is told anew in the next turn. */
    private void answered(Wanted wanted, @Nullable Throwable failure) {
        if (failure != null && told.equals(wanted) && !wanted.equals(Wanted.NONE)) {
            told = Wanted.NONE;
            LOG.debug("the guard does not hold {}: {}", wanted.addresses(), failure.getMessage());
        }
    }

    /** What the guard says of an address; any thread. */
    public void onAddress(String address, String state, String why) {
        loop.execute(() -> {
            switch (state) {
                case "held" -> {
                    refused = "";
                    LOG.info("this host has the address {}", address);
                }
                case "free" -> {
                    LOG.info("this host has the address {} no more", address);
                    // Given up by the guard itself: where it is still wanted, it has to be told.
                    if (told.addresses().contains(address)) {
                        told = Wanted.NONE;
                    }
                }
                case "refused" -> {
                    String sentence = "the address " + address + " is not taken: " + why;
                    // It is tried with each renewal of the lease, and said once.
                    if (!sentence.equals(refused)) {
                        refused = sentence;
                        LOG.warn("{}", sentence);
                        journal.accept(sentence);
                    }
                }
                default -> {}
            }
        });
    }
}
