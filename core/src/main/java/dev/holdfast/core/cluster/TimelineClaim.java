package dev.holdfast.core.cluster;

import dev.holdfast.core.Epoch;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.Timeline;

/**
 * The key {@code timeline}, Holdfast's own: the newest timeline that a leader set out to create,
 * written before its writes open, so that no two members create the same one.
 *
 * @param switchLsn where the promoting member stood when it claimed; once opened, where the
 *     timeline before was left
 * @param opened the promotion was seen to succeed
 */
public record TimelineClaim(
        Timeline timeline, MemberName member, Epoch epoch, Lsn switchLsn, boolean opened) {

    /**
     * The newest timeline that the cluster has been on for certain. Who claims one has come from
     * the timeline before it, and the claim stands in the place of the record that that one was
     * opened.
     */
    public Timeline reached() {
        return opened || timeline.id() == 1 ? timeline : new Timeline(timeline.id() - 1);
    }
}
