package dev.holdfast.ctl;

import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.ctl.Surroundings.StoreOpener;
import dev.holdfast.dcs.Dcs;
import dev.holdfast.dcs.json.KeyCodec;
import dev.holdfast.dcs.json.Keys;
import dev.holdfast.dcs.json.ParseResult;
import dev.holdfast.dcs.json.Trees;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * The keys of one cluster, read while the operator waits. Every call ends within the store's
 * deadline, or throws {@link CtlException}.
 */
final class ClusterStore implements AutoCloseable {
    private final String scope;
    private final Settings settings;
    private final StoreOpener opener;
    private final Dcs dcs;

    ClusterStore(String scope, Settings settings, StoreOpener opener) {
        this.scope = scope;
        this.settings = settings;
        this.opener = opener;
        this.dcs = opener.open(settings.etcd(), Keys.prefix(settings.namespace(), scope));
    }

    String scope() {
        return scope;
    }

    Dcs dcs() {
        return dcs;
    }

    /** All keys; what is malformed is left out of it. */
    Dcs.Snapshot read() {
        Dcs.Snapshot snapshot = await(dcs.read());
        if (snapshot.entries().isEmpty()) {
            throw new CtlException(unknown());
        }
        return snapshot;
    }

    ClusterView view() {
        return KeyCodec.toView(read()).view();
    }

    /** As {@link #view()}, but a cluster that is not there is one without members. */
    ClusterView viewOrNothing() {
        return KeyCodec.toView(await(dcs.read())).view();
    }

    /**
     * The dynamic configuration as the store holds it.
     *
     * @param revision 0 when there is none
     */
    record StoredConfig(Map<String, Object> tree, long revision) {}

    StoredConfig config() {
        Optional<Dcs.Entry> entry = Optional.ofNullable(read().entries().get(Keys.CONFIG));
        if (entry.isEmpty()) {
            return new StoredConfig(Map.of(), 0);
        }
        return switch (Trees.json(entry.get().value())) {
            case ParseResult.Parsed(Map<String, Object> tree) ->
                    new StoredConfig(tree, entry.get().modRevision());
            case ParseResult.Malformed(String sentence) ->
                    throw new CtlException(
                            "the key config of cluster \""
                                    + scope
                                    + "\" is not a JSON object, "
                                    + sentence
                                    + "; edit-config --replace FILE writes it anew.");
        };
    }

    /**
     * Waits for the store.
     *
     * @throws CtlException with the store's own sentence when the call failed
     */
    static <T> T await(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().join();
        } catch (CompletionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new CtlException(
                    cause.getMessage() == null ? cause.toString() : cause.getMessage(), cause);
        }
    }

    @Override
    public void close() {
        dcs.close();
    }

    private String unknown() {
        String where =
                settings.namespace() + " at " + String.join(", ", settings.etcd().endpoints());
        TreeSet<String> clusters = new TreeSet<>();
        try (Dcs all = opener.open(settings.etcd(), settings.namespace())) {
            for (String key : await(all.read()).entries().keySet()) {
                int slash = key.indexOf('/');
                if (slash > 0) {
                    clusters.add(key.substring(0, slash));
                }
            }
        }
        return "there is no cluster \""
                + scope
                + "\" under "
                + where
                + "; "
                + (clusters.isEmpty()
                        ? "there is none at all"
                        : "those found are: " + String.join(", ", clusters))
                + ".";
    }
}
