package dev.holdfast.chaos;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Looks every 50 ms on which hosts' interface an address is. */
final class AddressSampler implements AutoCloseable {
    private static final long EVERY_MILLIS = 50;
    private static final String DEVICE = "eth0";

    /** One look: the hosts, by name, that had the address then. */
    record Sample(long nanos, Set<String> holders) {}

    private final String address;
    private final List<Host> hosts;
    private final List<Sample> samples = new ArrayList<>();
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final Thread thread;

    private AddressSampler(String address, List<Host> hosts) {
        this.address = address;
        this.hosts = hosts;
        this.thread = Thread.ofPlatform().name("sampler-" + address).start(this::run);
    }

    static AddressSampler start(String address, List<Host> hosts) {
        return new AddressSampler(address, hosts);
    }

    private void run() {
        try {
            do {
                Sample sample = look();
                synchronized (samples) {
                    samples.add(sample);
                }
            } while (!stopping.await(EVERY_MILLIS, TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Sample look() {
        Set<String> holders = new TreeSet<>();
        for (Host host : hosts) {
            try (Host.Visit _ = host.enter()) {
                NetworkInterface device = NetworkInterface.getByName(DEVICE);
                if (device != null
                        && device.inetAddresses()
                                .map(InetAddress::getHostAddress)
                                .anyMatch(address::equals)) {
                    holders.add(host.name());
                }
            } catch (SocketException e) {
                throw new IllegalStateException(e);
            }
        }
        return new Sample(System.nanoTime(), holders);
    }

    /** As it was at the last look. */
    Set<String> holders() {
        synchronized (samples) {
            return samples.isEmpty() ? Set.of() : samples.getLast().holders();
        }
    }

    /** All looks since an instant. */
    List<Sample> since(long nanos) {
        synchronized (samples) {
            return samples.stream().filter(sample -> sample.nanos() >= nanos).toList();
        }
    }

    /** Those in which more than one host had it. */
    List<Sample> doubles() {
        return since(Long.MIN_VALUE).stream()
                .filter(sample -> sample.holders().size() > 1)
                .toList();
    }

    /** The longest time since an instant in which nobody had it. */
    Duration longestAbsence(long sinceNanos) {
        long longest = 0;
        long last = sinceNanos;
        for (Sample sample : since(sinceNanos)) {
            if (!sample.holders().isEmpty()) {
                longest = Math.max(longest, sample.nanos() - last);
                last = sample.nanos();
            }
        }
        return Duration.ofNanos(longest);
    }

    @Override
    public void close() {
        stopping.countDown();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
