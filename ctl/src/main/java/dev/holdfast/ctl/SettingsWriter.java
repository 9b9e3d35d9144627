package dev.holdfast.ctl;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.MemberSettings;
import dev.holdfast.core.cluster.Versioned;
import dev.holdfast.dcs.Dcs.Compare;
import dev.holdfast.dcs.Dcs.Op;
import dev.holdfast.dcs.Dcs.TxnResult;
import dev.holdfast.dcs.json.Keys;
import dev.holdfast.dcs.json.SettingsCodec;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Writes what an operator decides about members into the store, where their agents see it at once.
 * No agent has to be there for it, and none has to be started anew.
 */
final class SettingsWriter {
    private static final int ATTEMPTS = 3;

    private SettingsWriter() {}

    /**
     * Changes what is decided about {@code member}, by compare-and-set.
     *
     * @throws CtlException when others go on changing it at the same moment
     */
    static void change(
            ClusterStore store, MemberName member, UnaryOperator<MemberSettings> change) {
        for (int i = 0; i < ATTEMPTS; i++) {
            ClusterView cluster = store.view();
            MemberSettings before = cluster.settingsOf(member);
            MemberSettings after = change.apply(before);
            if (after.equals(before)) {
                return;
            }
            String key = Keys.settings(member);
            long revision =
                    Optional.ofNullable(cluster.settings().get(member))
                            .map(Versioned::revision)
                            .orElse(0L);
            Op write =
                    after.equals(MemberSettings.USUAL)
                            ? Op.delete(key)
                            : Op.put(key, SettingsCodec.write(after));
            TxnResult result =
                    ClusterStore.await(
                            store.dcs()
                                    .commit(
                                            List.of(Compare.unchanged(key, revision)),
                                            List.of(write)));
            if (result instanceof TxnResult.Applied) {
                return;
            }
        }
        throw new CtlException(
                "the settings of member "
                        + member
                        + " are being changed by somebody else, and yours were not written: look at them"
                        + " with list and try again.");
    }
}
