package dev.holdfast.ctl;

import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;

/** Reads the time at which something is to happen. */
final class Schedule {
    private Schedule() {}

    /**
     * Reads ISO 8601, with a blank in place of the T if need be; without an offset it is local
     * time.
     *
     * @return ISO 8601 with offset; empty for {@code now}
     * @throws CtlException when it is not a time, or has passed
     */
    static Optional<String> at(String text, ZonedDateTime now) {
        if (text.equals("now")) {
            return Optional.empty();
        }
        OffsetDateTime time =
                parse(text.strip().replaceFirst("(?<=\\d) (?=\\d)", "T"), now.getZone())
                        .orElseThrow(() ->
                                new CtlException(
                                        "\""
                                                + text
                                                + "\" is not a time: "
                                                + now.plusHours(1)
                                                        .format(
                                                                DateTimeFormatter.ofPattern(
                                                                        "yyyy-MM-dd'T'HH:mmxxx"))
                                                + ", for example, or now is expected."));
        if (!time.isAfter(now.toOffsetDateTime())) {
            throw new CtlException(
                    "\""
                            + text
                            + "\" lies in the past: it is "
                            + now.format(DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ssxxx"))
                            + ".");
        }
        return Optional.of(time.format(DateTimeFormatter.ISO_OFFSET_DATE_TIME));
    }

    private static Optional<OffsetDateTime> parse(String text, ZoneId zone) {
        // Python writes and reads an offset of whole hours as +01, which ISO_OFFSET_DATE_TIME does
        // not.
        String complete = text.replaceFirst("([+-]\\d{2})$", "$1:00");
        boolean hasOffset = complete.matches(".*T.*(Z|[+-]\\d{2}:\\d{2})");
        try {
            return Optional.of(
                    hasOffset
                            ? OffsetDateTime.parse(complete)
                            : LocalDateTime.parse(text).atZone(zone).toOffsetDateTime());
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }
}
