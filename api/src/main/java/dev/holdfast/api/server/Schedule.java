package dev.holdfast.api.server;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.TemporalAccessor;
import java.time.temporal.TemporalQueries;
import java.util.Locale;

/**
 * The instant at which a switchover or a restart shall happen, from the forms of ISO 8601 that
 * people and Python write.
 */
final class Schedule {
    private static final DateTimeFormatter READ =
            new DateTimeFormatterBuilder()
                    .append(DateTimeFormatter.ISO_LOCAL_DATE)
                    .appendPattern("['T'][ ]")
                    .append(DateTimeFormatter.ISO_LOCAL_TIME)
                    .optionalStart()
                    .appendPattern("[ ]")
                    .appendPattern("[XXX][XX][X]")
                    .optionalEnd()
                    .toFormatter(Locale.ROOT);
    private static final DateTimeFormatter WRITE =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ssxxx", Locale.ROOT);

    private Schedule() {}

    /**
     * Reads {@code text}; the value is ISO 8601 in whole seconds with offset.
     *
     * @param what {@code switchover} or {@code restart}
     */
    static Parsed<String> parse(String text, String what, Instant now) {
        TemporalAccessor read;
        try {
            read = READ.parse(text.strip());
        } catch (DateTimeException e) {
            return new Parsed.Invalid<>(
                    422,
                    "Unable to parse scheduled timestamp. It should be in an unambiguous format, e.g. ISO 8601");
        }
        ZoneOffset offset = read.query(TemporalQueries.offset());
        if (offset == null) {
            return new Parsed.Invalid<>(
                    400, "Timezone information is mandatory for the scheduled " + what);
        }
        OffsetDateTime at = LocalDateTime.from(read).atOffset(offset);
        return at.toInstant().isBefore(now)
                ? new Parsed.Invalid<>(422, "Cannot schedule " + what + " in the past")
                : new Parsed.Valid<>(WRITE.format(at));
    }
}
