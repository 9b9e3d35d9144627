package dev.holdfast.api.server;

import java.time.Duration;

/**
 * What one client, or many, may take of the server, so that a slow or silent one harms nobody.
 *
 * @param hold the longest time that a health check is held back; well below a balancer's time-out,
 *     which is 1 s with {@code inter 1s}
 * @param maxHeld how many are held at once; what comes on top is answered at once
 * @param waiting the longest time a connection may take to deliver a request, and to take its
 *     answer
 * @param maxConnections open at once; for one more the one that has been waiting longest is closed
 * @param maxBodyBytes of a command
 * @param maxPipelined requests that one connection may have sent ahead of their answers
 * @param maxUntakenBytes of answers that clients have not taken, all together; for more those that
 *     have left theirs lying the longest are closed
 */
public record Limits(
        Duration hold,
        int maxHeld,
        Duration waiting,
        int maxConnections,
        int maxBodyBytes,
        int maxPipelined,
        long maxUntakenBytes) {
    public static Limits defaults() {
        return new Limits(
                Duration.ofMillis(800), 256, Duration.ofSeconds(10), 2_560, 1 << 20, 16, 8 << 20);
    }
}
