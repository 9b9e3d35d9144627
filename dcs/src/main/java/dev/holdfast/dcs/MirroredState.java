package dev.holdfast.dcs;

import dev.holdfast.dcs.Dcs.Entry;
import dev.holdfast.dcs.Dcs.Event;
import dev.holdfast.dcs.Dcs.Op;
import dev.holdfast.dcs.Dcs.Snapshot;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What is known of the store's keys, from reads, events and own writes in whatever order they
 * arrive.
 *
 * @param completeTo every change up to this revision is in here; of later ones only own writes are
 * @param shownTo the newest revision of anything in here
 * @param entries the keys that exist
 * @param tombstones keys deleted after {@code completeTo}, with the revision that did it, so that
 *     what is older cannot bring them back
 */
record MirroredState(
        long completeTo,
        long shownTo,
        SortedMap<String, Entry> entries,
        SortedMap<String, Long> tombstones) {
    static final MirroredState EMPTY =
            new MirroredState(0, 0, Collections.emptySortedMap(), Collections.emptySortedMap());

    Snapshot snapshot() {
        return new Snapshot(shownTo, entries);
    }

    /**
     * Takes in a read of all keys. One that is older than what is known already changes nothing.
     */
    MirroredState read(Snapshot snapshot) {
        if (snapshot.revision() < completeTo) {
            return this;
        }
        if (holds(snapshot)) {
            return with(snapshot.revision(), snapshot.revision(), entries, tombstones);
        }
        SortedMap<String, Entry> merged = new TreeMap<>();
        snapshot.entries()
                .forEach((key, entry) -> {
                    if (entry.modRevision() > revisionOf(key)) {
                        merged.put(key, entry);
                    }
                });
        entries.forEach((key, entry) -> {
            Entry read = snapshot.entries().get(key);
            if (entry.modRevision() > snapshot.revision()
                    || (read != null && read.modRevision() <= entry.modRevision())) {
                merged.put(key, entry);
            }
        });
        return with(snapshot.revision(), snapshot.revision(), merged, tombstones);
    }

    /** Whether exactly these keys are known, each as it was read: the read confirms them. */
    private boolean holds(Snapshot snapshot) {
        if (snapshot.entries().size() != entries.size()) {
            return false;
        }
        Iterator<Map.Entry<String, Entry>> known = entries.entrySet().iterator();
        for (Map.Entry<String, Entry> read : snapshot.entries().entrySet()) {
            Map.Entry<String, Entry> mine = known.next();
            if (mine.getValue().modRevision() != read.getValue().modRevision()
                    || !mine.getKey().equals(read.getKey())) {
                return false;
            }
        }
        return true;
    }

    /** Takes in all changes of one revision, the next that the watch tells of. */
    MirroredState watched(long revision, List<Event> events) {
        List<Event> news = events.stream().filter(this::isNews).toList();
        if (news.isEmpty()) {
            return with(Math.max(completeTo, revision), revision, entries, tombstones);
        }
        SortedMap<String, Entry> changed = new TreeMap<>(entries);
        for (Event event : news) {
            switch (event) {
                case Event.Written(String key, Entry entry) -> changed.put(key, entry);
                case Event.Deleted(String key, long _) -> changed.remove(key);
            }
        }
        return with(Math.max(completeTo, revision), revision, changed, tombstones);
    }

    /** What is known of the key is older. */
    private boolean isNews(Event event) {
        return switch (event) {
            case Event.Written(String key, Entry entry) -> entry.modRevision() > revisionOf(key);
            case Event.Deleted(String key, long modRevision) -> modRevision > revisionOf(key);
        };
    }

    /** Takes in an own transaction that was applied at {@code revision}. */
    MirroredState applied(long revision, List<Op> ops) {
        if (revision <= completeTo) {
            return this;
        }
        SortedMap<String, Entry> changed = new TreeMap<>(entries);
        SortedMap<String, Long> deleted = new TreeMap<>(tombstones);
        for (Op op : ops) {
            if (revisionOf(op.key()) < revision) {
                switch (op) {
                    case Op.Put(String key, String value, var lease) -> {
                        Entry before = entries.get(key);
                        changed.put(
                                key,
                                new Entry(
                                        value,
                                        before == null ? revision : before.createRevision(),
                                        revision,
                                        lease));
                        deleted.remove(key);
                    }
                    case Op.Delete(String key) -> {
                        changed.remove(key);
                        deleted.put(key, revision);
                    }
                }
            }
        }
        return with(completeTo, revision, changed, deleted);
    }

    /**
     * The revision at which {@code key} was last written or deleted, as far as that still matters.
     */
    private long revisionOf(String key) {
        Entry entry = entries.get(key);
        return Math.max(entry == null ? 0 : entry.modRevision(), tombstones.getOrDefault(key, 0L));
    }

    private MirroredState with(
            long nowCompleteTo,
            long nowShown,
            SortedMap<String, Entry> changed,
            SortedMap<String, Long> deleted) {
        SortedMap<String, Long> kept = deleted;
        if (!deleted.isEmpty()) {
            kept = new TreeMap<>(deleted);
            kept.values().removeIf(revision -> revision <= nowCompleteTo);
        }
        return new MirroredState(
                nowCompleteTo,
                Math.max(shownTo, nowShown),
                Collections.unmodifiableSortedMap(changed),
                Collections.unmodifiableSortedMap(kept));
    }
}
