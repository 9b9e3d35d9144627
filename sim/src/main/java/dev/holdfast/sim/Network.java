package dev.holdfast.sim;

/**
 * Who reaches whom, how fast, and what gets lost. A node is a member by its number; after them come
 * the store and the clients.
 */
final class Network {
    private static final long LEAST_NANOS = 60 * Events.MICRO;
    private static final long MOST_NANOS = 700 * Events.MICRO;

    private final Events events;
    private final Chance chance;
    private final int[][] cuts;
    private final Weather[][] weather;

    /**
     * How one direction between two nodes is.
     *
     * @param slowness by how much every message takes longer
     * @param loss how many of them are lost
     * @param repetition how many come twice
     */
    record Weather(double slowness, double loss, double repetition) {
        static final Weather FAIR = new Weather(1, 0, 0);
    }

    Network(Events events, Chance chance, int nodes) {
        this.events = events;
        this.chance = chance;
        this.cuts = new int[nodes][nodes];
        this.weather = new Weather[nodes][nodes];
        for (Weather[] row : weather) {
            java.util.Arrays.fill(row, Weather.FAIR);
        }
    }

    void cut(int from, int to) {
        cuts[from][to]++;
    }

    void mend(int from, int to) {
        cuts[from][to]--;
    }

    void weather(int from, int to, Weather next) {
        weather[from][to] = next;
    }

    boolean isCut(int from, int to) {
        return cuts[from][to] > 0;
    }

    /** How long a message takes now. */
    long delay(int from, int to) {
        return (long) (chance.between(LEAST_NANOS, MOST_NANOS) * weather[from][to].slowness());
    }

    /** Whether a message that is sent now gets lost. */
    boolean loses(int from, int to) {
        double loss = weather[from][to].loss();
        return isCut(from, to) || (loss > 0 && chance.happens(loss));
    }

    /** Whether a message that is sent now arrives twice. */
    boolean repeats(int from, int to) {
        double repetition = weather[from][to].repetition();
        return repetition > 0 && chance.happens(repetition);
    }

    /**
     * Sends one message to a program that runs on node {@code to}.
     *
     * @param lost is called at once when it will never arrive: whoever waits has a time-out to set
     */
    void send(int from, int to, Program at, String what, Runnable arrives, Runnable lost) {
        if (loses(from, to)) {
            lost.run();
            return;
        }
        at.after(delay(from, to), what, arrives);
    }

    /** Sends one message over a connection: it waits while the way is cut, and keeps its order. */
    final class Stream {
        private final int from;
        private final int to;
        private final Program at;
        private final Program.Lane lane;
        private long lastNanos;

        Stream(int from, int to, Program at) {
            this.from = from;
            this.to = to;
            this.at = at;
            this.lane = at.new Lane();
        }

        void send(String what, Runnable arrives) {
            long arrival = events.nowNanos() + delay(from, to);
            double loss = weather[from][to].loss();
            if (loss > 0 && chance.happens(loss)) {
                arrival += chance.between(200, 1_500) * Events.MILLI;
            }
            lastNanos = Math.max(lastNanos + 1, arrival);
            lane.add(arrives);
            at.at(lastNanos, what, () -> arrive(what));
        }

        private void arrive(String what) {
            if (isCut(from, to)) {
                // TCP tries again.
                lastNanos =
                        Math.max(
                                lastNanos + 1,
                                events.nowNanos() + chance.between(200, 900) * Events.MILLI);
                at.at(lastNanos, what, () -> arrive(what));
            } else {
                lane.handleOldest();
            }
        }
    }
}
