package dev.holdfast.ctl;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.holdfast.api.MemberService.Reply;
import dev.holdfast.core.FrozenMap;
import dev.holdfast.core.status.HostStatus.Kept;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** What a member answers when it is asked how it is. */
sealed interface MemberReport {

    /** It did not answer, or not as an agent does. */
    record Silent(String why) implements MemberReport {}

    /**
     * Its own word.
     *
     * @param reason why it does what it does
     * @param guard the guard's state
     * @param endsInARow how often PostgreSQL ended soon after its start
     * @param unwell what is wrong with the server's door or the disks, or empty
     * @param barred why it may not lead although its file does not say so
     * @param weakerCommits for whom commits wait less than promised
     * @param idleSlots replication slots that hold WAL back for nobody
     * @param failedServices why services that follow the leader are not as they should be
     * @param unwatched why the watchdog that its file asks for is not used
     * @param kept data directories that were set aside
     * @param heldWal how many bytes of WAL each replication slot holds back
     */
    record Told(
            String reasonCode,
            String reason,
            String guard,
            boolean servesAsPrimary,
            int endsInARow,
            String unwell,
            Optional<String> barred,
            List<String> weakerCommits,
            List<String> idleSlots,
            List<String> failedServices,
            Optional<String> unwatched,
            Optional<Kept> kept,
            SortedMap<String, Long> heldWal)
            implements MemberReport {
        public Told {
            weakerCommits = List.copyOf(weakerCommits);
            idleSlots = List.copyOf(idleSlots);
            failedServices = List.copyOf(failedServices);
            heldWal = FrozenMap.copyOf(heldWal);
        }
    }

    /** Whatever status it came with: a member that is not ready says so by it. */
    static MemberReport of(Reply reply) {
        try {
            JsonNode own = JsonMapper.builder().build().readTree(reply.body()).path("holdfast");
            return own.isObject()
                    ? told(own)
                    : new Silent(
                            "it answered with status "
                                    + reply.status()
                                    + ", and not as an agent of Holdfast does");
        } catch (JsonProcessingException e) {
            return new Silent(
                    "it answered with status " + reply.status() + " and something that is no JSON");
        }
    }

    private static Told told(JsonNode own) {
        return new Told(
                own.path("reason_code").asText(),
                own.path("reason").asText(),
                own.path("guard").asText(),
                own.path("serves_as_primary").asBoolean(),
                own.path("ends_in_a_row").asInt(),
                own.path("unwell").asText(),
                text(own.path("barred")),
                texts(own.path("weaker_synchronous_commit")),
                texts(own.path("inactive_slots")),
                failures(own.path("services")),
                text(own.path("unwatched")),
                kept(own.path("kept_directories")),
                heldWal(own.path("wal_held_by_slots")));
    }

    private static Optional<String> text(JsonNode node) {
        return Optional.of(node.asText()).filter(text -> !text.isEmpty());
    }

    private static Optional<Kept> kept(JsonNode node) {
        return node.isObject()
                ? Optional.of(
                        new Kept(
                                node.path("count").asInt(),
                                node.path("bytes").asLong(),
                                node.path("free_bytes").asLong()))
                : Optional.empty();
    }

    private static SortedMap<String, Long> heldWal(JsonNode slots) {
        SortedMap<String, Long> held = new TreeMap<>();
        slots.properties().forEach(each -> held.put(each.getKey(), each.getValue().asLong()));
        return held;
    }

    private static List<String> failures(JsonNode services) {
        List<String> failures = new ArrayList<>();
        for (JsonNode service : services) {
            if (service.has("failure")) {
                failures.add(service.path("failure").asText());
            }
        }
        return failures;
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(text -> texts.add(text.asText()));
        return texts;
    }
}
