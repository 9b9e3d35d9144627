package dev.holdfast.api.server;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Amounts as PostgreSQL and Patroni write them: a number, then perhaps a unit. Units are read
 * without regard to case.
 */
final class Quantity {
    private static final Pattern NUMBER_AND_UNIT =
            Pattern.compile("\\s*(\\d{1,18}(?:\\.\\d{1,9})?)\\s*([A-Za-z]{0,3})\\s*");

    private Quantity() {}

    /**
     * Bytes, rounded to whole ones; without a unit the number is bytes. Empty when it is no such
     * amount.
     */
    static Optional<Long> bytes(String text) {
        return scaled(
                text,
                unit ->
                        switch (unit) {
                            case "", "b" -> BigDecimal.ONE;
                            case "kb" -> BigDecimal.valueOf(1L << 10);
                            case "mb" -> BigDecimal.valueOf(1L << 20);
                            case "gb" -> BigDecimal.valueOf(1L << 30);
                            case "tb" -> BigDecimal.valueOf(1L << 40);
                            default -> BigDecimal.ZERO;
                        });
    }

    /** Milliseconds; without a unit the number is seconds. Empty when it is no such amount. */
    static Optional<Long> millis(String text) {
        return scaled(
                text,
                unit ->
                        switch (unit) {
                            case "ms" -> BigDecimal.ONE;
                            case "", "s" -> BigDecimal.valueOf(1_000);
                            case "min" -> BigDecimal.valueOf(60_000);
                            case "h" -> BigDecimal.valueOf(3_600_000);
                            case "d" -> BigDecimal.valueOf(86_400_000);
                            default -> BigDecimal.ZERO;
                        });
    }

    /** A unit's factor; 0 for one that does not exist. */
    private interface Units {
        BigDecimal factor(String unit);
    }

    private static Optional<Long> scaled(String text, Units units) {
        Matcher matcher = NUMBER_AND_UNIT.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        BigDecimal factor = units.factor(matcher.group(2).toLowerCase(Locale.ROOT));
        BigDecimal amount =
                new BigDecimal(matcher.group(1))
                        .multiply(factor)
                        .setScale(0, RoundingMode.HALF_EVEN);
        return factor.signum() == 0 || amount.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0
                ? Optional.empty()
                : Optional.of(amount.longValueExact());
    }
}
