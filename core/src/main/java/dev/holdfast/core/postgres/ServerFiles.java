package dev.holdfast.core.postgres;

import dev.holdfast.core.FrozenMap;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * All that is configured of the server, so that one comparison tells whether something must be
 * applied.
 *
 * @param parameters of the cluster and of the member, merged
 * @param upstream present for a standby (it may be empty there too, while nobody leads)
 * @param slotName {@code primary_slot_name}; empty without slots
 * @param syncNames value of {@code synchronous_standby_names}
 */
public record ServerFiles(
        SortedMap<String, String> parameters,
        List<String> hba,
        List<String> ident,
        Optional<Upstream> upstream,
        Optional<String> slotName,
        String syncNames) {
    public ServerFiles {
        parameters = FrozenMap.copyOf(parameters);
        hba = List.copyOf(hba);
        ident = List.copyOf(ident);
    }

    public ServerFiles withSyncNames(String names) {
        return new ServerFiles(parameters, hba, ident, upstream, slotName, names);
    }
}
