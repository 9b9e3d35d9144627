package dev.holdfast.dcs.etcd;

import dev.holdfast.dcs.Dcs;
import dev.holdfast.dcs.Dcs.Event;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.watch.WatchEvent;
import io.etcd.jetcd.watch.WatchResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A watch on one endpoint. jetcd would begin it again by itself after an error, from where it
 * believes it was; here the first error is the end, for whoever reads everything anew cannot have
 * missed anything.
 */
final class EtcdWatch implements Dcs.Watch, Watch.Listener {
    private final Endpoint endpoint;
    private final Dcs.WatchListener listener;
    private final Function<WatchEvent, Event> reading;

    /**
     * jetcd's watcher is closed on it, never under this object's lock: jetcd calls back under a
     * lock of its own.
     */
    private final Executor executor;

    private Watch.@Nullable Watcher watcher;
    private boolean ended;

    EtcdWatch(
            Endpoint endpoint,
            Dcs.WatchListener listener,
            Function<WatchEvent, Event> reading,
            Executor executor) {
        this.endpoint = endpoint;
        this.listener = listener;
        this.reading = reading;
        this.executor = executor;
    }

    synchronized void began(Watch.Watcher begun) {
        if (ended) {
            executor.execute(begun::close);
        } else {
            watcher = begun;
        }
    }

    @Override
    public synchronized void onNext(WatchResponse response) {
        endpoint.answered();
        List<Event> sameRevision = new ArrayList<>();
        long revision = 0;
        for (WatchEvent event : response.getEvents()) {
            if (event.getKeyValue().getModRevision() != revision) {
                tell(revision, sameRevision);
                sameRevision = new ArrayList<>();
                revision = event.getKeyValue().getModRevision();
            }
            sameRevision.add(reading.apply(event));
        }
        tell(revision, sameRevision);
    }

    private void tell(long revision, List<Event> events) {
        if (!ended && !events.isEmpty()) {
            listener.onEvents(revision, List.copyOf(events));
        }
    }

    @Override
    public void onError(Throwable thrown) {
        end(
                "The watch on etcd at "
                        + endpoint.url()
                        + " ended: "
                        + Failure.of(thrown, Duration.ZERO).cause()
                        + ".");
    }

    @Override
    public void onCompleted() {
        end("The watch on etcd at " + endpoint.url() + " ended: etcd completed it.");
    }

    /** Ends it and tells so; at most once. */
    synchronized void end(String why) {
        if (!ended) {
            stop();
            listener.onEnd(why);
        }
    }

    @Override
    public synchronized void close() {
        if (!ended) {
            stop();
        }
    }

    private void stop() {
        ended = true;
        endpoint.forget(this);
        Watch.Watcher running = watcher;
        if (running != null) {
            watcher = null;
            executor.execute(running::close);
        }
    }
}
