package dev.holdfast.dcs.etcd;

import dev.holdfast.dcs.DcsException;
import io.etcd.jetcd.Client;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The addresses of etcd, one of which is preferred. Each has a connection of its own rather than
 * all sharing a balanced one: balancing sends every third call to a hung member of three, and says
 * of no call where it went.
 *
 * <p>A call that may be executed twice without harm is sent to the next address too when the
 * preferred one is slow or fails; the first answer counts. Whoever keeps silent while another
 * answers, or lets a deadline pass, is not preferred any more, and the watches on it end, for they
 * may be as silent.
 */
final class Endpoints {
    private final List<Endpoint> all;
    private final AtomicInteger preferred = new AtomicInteger();

    Endpoints(List<Endpoint> all) {
        this.all = List.copyOf(all);
    }

    Endpoint preferred() {
        return all.get(preferred.get());
    }

    boolean prefers(Endpoint endpoint) {
        return preferred() == endpoint;
    }

    /** A call that must be sent at most once. */
    <T> CompletableFuture<T> once(
            String call, Duration timeout, Function<Client, CompletableFuture<T>> sending) {
        return new Call<>(call, timeout, sending, List.of(preferred())).begin();
    }

    /** A call that may be executed more than once. */
    <T> CompletableFuture<T> repeatable(
            String call, Duration timeout, Function<Client, CompletableFuture<T>> sending) {
        int first = preferred.get();
        List<Endpoint> order = new ArrayList<>(all.subList(first, all.size()));
        order.addAll(all.subList(0, first));
        return new Call<>(call, timeout, sending, order).begin();
    }

    void close() {
        all.forEach(Endpoint::close);
    }

    private void leave(Endpoint endpoint, String why) {
        int index = all.indexOf(endpoint);
        preferred.compareAndSet(index, (index + 1) % all.size());
        endpoint.endWatches(
                "The watch on etcd at " + endpoint.url() + " was given up: " + why + ".");
    }

    private void silent(Endpoint endpoint, String why, long sentNanos) {
        if (!endpoint.answeredSince(sentNanos)) {
            endpoint.doubt();
            leave(endpoint, why);
        }
    }

    private void answeredFirst(Endpoint endpoint, Endpoint asked) {
        if (endpoint != asked
                && preferred.compareAndSet(all.indexOf(asked), all.indexOf(endpoint))) {
            asked.endWatches(
                    "The watch on etcd at "
                            + asked.url()
                            + " was given up: "
                            + endpoint.url()
                            + " answers sooner.");
        }
    }

    /** One call on its way through the addresses. */
    private final class Call<T> {
        private final String name;
        private final Duration timeout;
        private final Function<Client, CompletableFuture<T>> sending;
        private final List<Endpoint> order;
        private final CompletableFuture<T> result = new CompletableFuture<>();

        /** Who was asked, and how it failed if it did. */
        private final Map<Endpoint, Optional<Failure>> asked = new LinkedHashMap<>();

        Call(
                String name,
                Duration timeout,
                Function<Client, CompletableFuture<T>> sending,
                List<Endpoint> order) {
            this.name = name;
            this.timeout = timeout;
            this.sending = sending;
            this.order = order;
        }

        CompletableFuture<T> begin() {
            askNext();
            for (int i = 1; i < order.size(); i++) {
                int number = i;
                after(timeout.dividedBy(4).multipliedBy(i), () -> askUpTo(number));
            }
            after(timeout, this::giveUp);
            return result;
        }

        private void after(Duration delay, Runnable action) {
            var timer =
                    ForkJoinPool.commonPool()
                            .schedule(action, delay.toMillis(), TimeUnit.MILLISECONDS);
            var _ = result.whenComplete((value, failure) -> timer.cancel(false));
        }

        private void askUpTo(int number) {
            boolean late;
            synchronized (asked) {
                late = asked.size() <= number;
            }
            if (late) {
                askNext();
            }
        }

        private void askNext() {
            Endpoint endpoint;
            synchronized (asked) {
                if (result.isDone() || asked.size() == order.size()) {
                    return;
                }
                endpoint = order.get(asked.size());
                asked.put(endpoint, Optional.empty());
            }
            long sentNanos = System.nanoTime();
            CompletableFuture<T> sent;
            try {
                sent = sending.apply(endpoint.client());
            } catch (RuntimeException e) {
                sent = CompletableFuture.failedFuture(e);
            }
            var _ =
                    sent.whenComplete((value, thrown) -> {
                        if (thrown == null) {
                            endpoint.answered();
                            if (result.complete(value)) {
                                answeredFirst(endpoint, order.getFirst());
                            }
                        } else {
                            failed(endpoint, Failure.of(thrown, timeout), sentNanos);
                        }
                    });
        }

        private void failed(Endpoint endpoint, Failure failure, long sentNanos) {
            boolean last;
            synchronized (asked) {
                asked.put(endpoint, Optional.of(failure));
                last =
                        asked.size() == order.size()
                                && asked.values().stream().allMatch(Optional::isPresent);
            }
            switch (failure) {
                case Failure.Silent(String cause) -> silent(endpoint, cause, sentNanos);
                case Failure.Unwell(String cause) -> leave(endpoint, cause);
                case Failure.LeaseNotFound(String cause) ->
                        refuse(endpoint, failure, "refused: " + cause);
                case Failure.Refused(String cause) ->
                        refuse(endpoint, failure, "refused: " + cause);
                case Failure.Unauthenticated(String cause) ->
                        refuse(
                                endpoint,
                                failure,
                                "refused: "
                                        + cause
                                        + "; check the user and password under etcd3 in the configuration");
            }
            if (last) {
                giveUp();
            } else {
                askNext();
            }
        }

        private void refuse(Endpoint endpoint, Failure failure, String why) {
            endpoint.answered();
            result.completeExceptionally(
                    new EtcdRefusal(
                            failure,
                            "The call "
                                    + name
                                    + " to etcd at "
                                    + endpoint.url()
                                    + " was "
                                    + why
                                    + "."));
        }

        private void giveUp() {
            String tried;
            synchronized (asked) {
                tried =
                        asked.entrySet().stream()
                                .map(e ->
                                        e.getKey().url()
                                                + " ("
                                                + e.getValue()
                                                        .map(Failure::cause)
                                                        .orElse(
                                                                "no answer within "
                                                                        + timeout.toMillis()
                                                                        + " ms")
                                                + ")")
                                .collect(Collectors.joining(", "));
            }
            result.completeExceptionally(
                    new DcsException(
                            "The call "
                                    + name
                                    + " to etcd failed at "
                                    + tried
                                    + "; check that etcd runs there and can be reached from here."));
        }
    }
}
