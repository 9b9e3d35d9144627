package dev.holdfast.chaos;

import java.time.Duration;
import java.util.Set;

/**
 * Something that breaks, and is whole again, at a test's word. The victim is a member, and with it
 * the host that it is on.
 */
sealed interface Fault {
    void begin(TestCluster cluster, Member victim);

    /** Undoes what does not mend by itself. */
    void end(TestCluster cluster, Member victim);

    /** What can be killed or stopped. */
    enum Part {
        AGENT,
        POSTMASTER,
        /** All of PostgreSQL. */
        SERVER,
        GUARD,
        ETCD,
        /** All that runs on the host. */
        HOST;

        private Set<Long> pids(TestCluster cluster, Member member) {
            return switch (this) {
                case AGENT -> Set.of(member.agentPid());
                case POSTMASTER -> Set.copyOf(member.postmasterPid().stream().toList());
                case SERVER -> Set.copyOf(member.serverPids());
                case GUARD -> Set.copyOf(member.guardPid().stream().toList());
                case ETCD -> Set.of(cluster.etcd().node(member.name()).pid());
                case HOST -> member.allPids();
            };
        }
    }

    /** SIGKILL; what is killed is started again at the end, if nothing has started it before. */
    record Killed(Part part) implements Fault {
        @Override
        public void begin(TestCluster cluster, Member victim) {
            switch (part) {
                case HOST -> victim.killAll();
                case AGENT, POSTMASTER, SERVER, GUARD, ETCD ->
                        part.pids(cluster, victim).forEach(Signal.KILL::send);
            }
        }

        @Override
        public void end(TestCluster cluster, Member victim) {
            switch (part) {
                case HOST -> {
                    cluster.etcd().node(victim.name()).start();
                    victim.startAgent();
                }
                case ETCD -> cluster.etcd().node(victim.name()).start();
                case AGENT -> victim.startAgent();
                case POSTMASTER, SERVER, GUARD -> {}
            }
        }
    }

    /** SIGSTOP; what is stopped goes on at the end. */
    record Stopped(Part part) implements Fault {
        @Override
        public void begin(TestCluster cluster, Member victim) {
            part.pids(cluster, victim).forEach(Signal.STOP::send);
        }

        @Override
        public void end(TestCluster cluster, Member victim) {
            victim.allPids().forEach(Signal.CONT::send);
        }
    }

    /** The network no longer carries what the victim's host sends or is sent. */
    record CutOff(Cut.From from, Cut.Direction direction) implements Fault {
        @Override
        public void begin(TestCluster cluster, Member victim) {
            cluster.hosts().cut(new Cut(victim.name(), from, direction));
        }

        @Override
        public void end(TestCluster cluster, Member victim) {
            cluster.hosts().mend();
        }
    }

    /** Nodes of etcd are killed, whoever the victim is. */
    record EtcdLost(Nodes nodes) implements Fault {
        /** Which of them. */
        enum Nodes {
            LEADER,
            /** All but one. */
            MAJORITY,
            ALL
        }

        @Override
        public void begin(TestCluster cluster, Member victim) {
            EtcdServer etcd = cluster.etcd();
            switch (nodes) {
                case LEADER -> etcd.leader().kill();
                case MAJORITY -> {
                    EtcdNode leader = etcd.leader();
                    leader.kill();
                    etcd.nodes().stream()
                            .filter(node -> node != leader)
                            .skip(1)
                            .forEach(EtcdNode::kill);
                }
                case ALL -> etcd.kill();
            }
        }

        @Override
        public void end(TestCluster cluster, Member victim) {
            cluster.etcd().start();
        }
    }

    /** The disk of the member that has a small one is full. */
    record DiskFull() implements Fault {
        @Override
        public void begin(TestCluster cluster, Member victim) {
            cluster.smallDisk().orElseThrow().fill();
        }

        @Override
        public void end(TestCluster cluster, Member victim) {
            cluster.smallDisk().orElseThrow().empty();
        }
    }

    /** What is written to the disk of the member that has one in a file takes long. */
    record DiskSlow(Duration delay) implements Fault {
        @Override
        public void begin(TestCluster cluster, Member victim) {
            cluster.smallDisk().orElseThrow().slow(delay);
        }

        @Override
        public void end(TestCluster cluster, Member victim) {
            cluster.smallDisk().orElseThrow().thaw();
        }
    }

    /** What is written to that disk does not return. */
    record DiskHung() implements Fault {
        @Override
        public void begin(TestCluster cluster, Member victim) {
            cluster.smallDisk().orElseThrow().hang();
        }

        @Override
        public void end(TestCluster cluster, Member victim) {
            cluster.smallDisk().orElseThrow().thaw();
        }
    }

    /** The wall clock of the victim's agent and server is set. */
    record ClockSet(Duration ahead) implements Fault {
        @Override
        public void begin(TestCluster cluster, Member victim) {
            victim.clock().set(ahead);
        }

        @Override
        public void end(TestCluster cluster, Member victim) {
            victim.clock().set(Duration.ZERO);
        }
    }

    /** All that runs on the victim's host has less memory than it had. */
    record MemoryShort(double part) implements Fault {
        @Override
        public void begin(TestCluster cluster, Member victim) {
            victim.host().memory().orElseThrow().squeeze(part);
        }

        @Override
        public void end(TestCluster cluster, Member victim) {
            victim.host().memory().orElseThrow().release();
        }
    }
}
