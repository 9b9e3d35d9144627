package dev.holdfast.core.config;

import dev.holdfast.core.config.Routing.Vip;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads {@code vip}, which Patroni does not have. */
final class VipReader {
    private static final long MAXIMUM_LAG = 16L << 20;

    /** As many as the guard holds. */
    private static final int MOST = 2;

    private static final Pattern WITH_BITS = Pattern.compile("([^/]+)/(\\d{1,3})");
    private static final Pattern IPV4 =
            Pattern.compile("(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})");

    private VipReader() {}

    static Optional<Vip> read(ConfigTree root) {
        ConfigTree vip = root.section("vip");
        List<String> writer = addresses(vip, "writer");
        List<String> reader = addresses(vip, "reader");
        long lag = vip.size("maximum_lag", 0, Long.MAX_VALUE).orElse(MAXIMUM_LAG);
        String expected = "the network interface for the addresses, such as eth0";
        if (!vip.has("interface") && writer.isEmpty() && reader.isEmpty()) {
            return Optional.empty();
        }
        vip.requiredText("interface", expected);
        Optional<String> device =
                vip.read(
                        "interface",
                        expected,
                        value ->
                                Scalars.text(value).filter(name -> name.matches("[^\\s,/]{1,15}")));
        if (writer.isEmpty() && reader.isEmpty() && !vip.has("writer") && !vip.has("reader")) {
            vip.error("writer", "nothing", "an address to be held: writer, reader, or both");
        }
        if (writer.stream().anyMatch(reader::contains)) {
            vip.error(
                    "reader",
                    "the writers' address " + Problem.show(reader.getFirst()),
                    "another address: one of the two would lead nowhere");
        }
        return Optional.of(new Vip(device.orElse("none"), writer, reader, lag));
    }

    private static List<String> addresses(ConfigTree vip, String key) {
        return vip.read(
                        key,
                        "an address with the bits of its network, such as 10.0.0.100/24, or one of"
                                + " IPv4 and one of IPv6",
                        VipReader::addresses)
                .orElse(List.of());
    }

    private static Optional<List<String>> addresses(Object value) {
        List<?> entries =
                value instanceof List<?> list
                        ? list
                        : List.of(String.valueOf(value).split(",", -1));
        List<String> all = new ArrayList<>();
        for (Object entry : entries) {
            Optional<String> one =
                    Scalars.text(entry).map(String::strip).filter(VipReader::isAddressWithBits);
            if (one.isEmpty() || all.size() == MOST) {
                return Optional.empty();
            }
            all.add(one.get());
        }
        return Optional.of(List.copyOf(all));
    }

    private static boolean isAddressWithBits(String text) {
        Matcher parts = WITH_BITS.matcher(text);
        if (!parts.matches()) {
            return false;
        }
        String address = parts.group(1);
        int bits = Integer.parseInt(parts.group(2));
        Matcher bytes = IPV4.matcher(address);
        if (!bytes.matches()) {
            return bits >= 1 && bits <= 128 && !address.contains("%") && Addresses.isIpv6(address);
        }
        for (int i = 1; i <= 4; i++) {
            if (Integer.parseInt(bytes.group(i)) > 255) {
                return false;
            }
        }
        return bits >= 1 && bits <= 32;
    }
}
