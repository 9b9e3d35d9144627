package dev.holdfast.agent;

import java.util.Optional;

/** The version of the distribution, from the jar's manifest. */
final class Version {
    private Version() {}

    static String text() {
        return Optional.ofNullable(Version.class.getPackage().getImplementationVersion())
                .orElse("development");
    }
}
