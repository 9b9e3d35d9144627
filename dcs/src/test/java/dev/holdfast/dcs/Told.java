package dev.holdfast.dcs;

import dev.holdfast.dcs.Dcs.Event;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** What a watch has told so far. */
public final class Told implements Dcs.WatchListener {
    private final List<Long> revisions = new CopyOnWriteArrayList<>();
    private final List<Event> events = new CopyOnWriteArrayList<>();
    private final List<String> ends = new CopyOnWriteArrayList<>();

    @Override
    public void onEvents(long revision, List<Event> changes) {
        events.addAll(changes);
        revisions.add(revision);
    }

    @Override
    public void onEnd(String why) {
        ends.add(why);
    }

    public List<Long> revisions() {
        return List.copyOf(revisions);
    }

    public List<Event> events() {
        return List.copyOf(events);
    }

    public List<String> ends() {
        return List.copyOf(ends);
    }
}
