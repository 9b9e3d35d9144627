package dev.holdfast.core.config;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How single values are read, whether YAML or JSON gave them a type or an environment variable left
 * them text. Every reader answers with nothing where the value does not fit: saying so, and where,
 * is {@link ConfigTree}'s part.
 */
final class Scalars {
    /**
     * Twelve digits are enough for any setting, and bound what a hostile text can make us compute.
     */
    private static final Pattern NUMBER_AND_UNIT =
            Pattern.compile("\\s*(-?\\d{1,12}(?:\\.\\d{1,9})?)\\s*([A-Za-z]*)\\s*");

    private static final BigDecimal LARGEST = BigDecimal.valueOf(Long.MAX_VALUE);

    private Scalars() {}

    /** Text, or a number or boolean where a YAML file left out the quotes. */
    static Optional<String> text(Object value) {
        return switch (value) {
            case String text -> Optional.of(text);
            case Boolean flag -> Optional.of(flag.toString());
            case Number number ->
                    number(number)
                            .map(n ->
                                    n.stripTrailingZeros().scale() <= 0
                                            ? n.setScale(0, RoundingMode.UNNECESSARY)
                                                    .toPlainString()
                                            : n.toPlainString());
            default -> Optional.empty();
        };
    }

    /** {@code true}, {@code on}, {@code yes}, 1 and their opposites, whatever their case. */
    static Optional<Boolean> flag(Object value) {
        return text(value)
                .flatMap(text ->
                        switch (text.strip().toLowerCase(Locale.ROOT)) {
                            case "true", "on", "yes", "1" -> Optional.of(true);
                            case "false", "off", "no", "0" -> Optional.of(false);
                            default -> Optional.empty();
                        });
    }

    static Optional<Long> integer(Object value) {
        return amount(value, Scalars::plain).flatMap(Scalars::whole);
    }

    /**
     * Seconds, or text with one of PostgreSQL's units: us, ms, s, min, h, d. Parts of a millisecond
     * are cut off.
     */
    static Optional<Duration> duration(Object value) {
        return amount(value, Scalars::millisOf)
                .map(millis ->
                        Duration.ofMillis(millis.setScale(0, RoundingMode.DOWN).longValue()));
    }

    /** Bytes, or text with one of PostgreSQL's units: B, kB, MB, GB, TB (powers of 1024). */
    static Optional<Long> bytes(Object value) {
        return amount(value, Scalars::bytesOf).flatMap(Scalars::whole);
    }

    /**
     * Whether a value switches nothing on, so that a feature which is not supported is not missed
     * either.
     */
    static boolean saysOff(@Nullable Object value) {
        return switch (value) {
            case null -> true;
            case Map<?, ?> map -> map.isEmpty();
            case List<?> list -> list.isEmpty();
            default ->
                    text(value)
                                    .map(text ->
                                            text.isBlank() || text.strip().equalsIgnoreCase("none"))
                                    .orElse(false)
                            || flag(value).map(on -> !on).orElse(false)
                            || integer(value).map(n -> n <= 0).orElse(false);
        };
    }

    /**
     * How many of the smallest unit one of the named unit is; nothing for a unit that does not
     * belong here.
     */
    private interface Unit {
        Optional<BigDecimal> of(String name);
    }

    private static Optional<BigDecimal> amount(Object value, Unit unit) {
        return switch (value) {
            case Number number ->
                    number(number).flatMap(n -> unit.of("").map(n::multiply)).filter(Scalars::fits);
            case String text -> {
                Matcher matcher = NUMBER_AND_UNIT.matcher(text);
                yield matcher.matches()
                        ? unit.of(matcher.group(2))
                                .map(new BigDecimal(matcher.group(1))::multiply)
                                .filter(Scalars::fits)
                        : Optional.empty();
            }
            default -> Optional.empty();
        };
    }

    private static Optional<BigDecimal> plain(String unit) {
        return unit.isEmpty() ? Optional.of(BigDecimal.ONE) : Optional.empty();
    }

    private static Optional<BigDecimal> millisOf(String unit) {
        return switch (unit) {
            case "us" -> Optional.of(new BigDecimal("0.001"));
            case "ms" -> Optional.of(BigDecimal.ONE);
            case "", "s" -> Optional.of(BigDecimal.valueOf(1_000));
            case "min" -> Optional.of(BigDecimal.valueOf(60_000));
            case "h" -> Optional.of(BigDecimal.valueOf(3_600_000));
            case "d" -> Optional.of(BigDecimal.valueOf(86_400_000));
            default -> Optional.empty();
        };
    }

    private static Optional<BigDecimal> bytesOf(String unit) {
        return switch (unit) {
            case "", "B" -> Optional.of(BigDecimal.ONE);
            case "kB" -> Optional.of(BigDecimal.valueOf(1L << 10));
            case "MB" -> Optional.of(BigDecimal.valueOf(1L << 20));
            case "GB" -> Optional.of(BigDecimal.valueOf(1L << 30));
            case "TB" -> Optional.of(BigDecimal.valueOf(1L << 40));
            default -> Optional.empty();
        };
    }

    /** A YAML parser may hand over infinity, not-a-number, or more digits than any setting has. */
    private static Optional<BigDecimal> number(Number number) {
        boolean infinite =
                switch (number) {
                    case Double d -> !Double.isFinite(d);
                    case Float f -> !Float.isFinite(f);
                    default -> false;
                };
        if (infinite) {
            return Optional.empty();
        }
        return Optional.of(new BigDecimal(number.toString())).filter(Scalars::fits);
    }

    private static boolean fits(BigDecimal number) {
        return number.scale() < 1_000 && number.abs().compareTo(LARGEST) <= 0;
    }

    private static Optional<Long> whole(BigDecimal number) {
        return number.stripTrailingZeros().scale() <= 0
                ? Optional.of(number.longValue())
                : Optional.empty();
    }
}
