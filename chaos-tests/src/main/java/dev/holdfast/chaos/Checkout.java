package dev.holdfast.chaos;

import java.nio.file.Files;
import java.nio.file.Path;

/** The checkout whose built launchers are tried; {@code make build} has been run in it. */
record Checkout(Path directory) {

    /**
     * The one that the build, or the script that starts the benchmark, names in the property {@code
     * holdfast.checkout}.
     *
     * @throws IllegalStateException when it names none, or nothing is built there
     */
    static Checkout found() {
        String named = System.getProperty("holdfast.checkout", "");
        Checkout checkout = new Checkout(Path.of(named).toAbsolutePath());
        if (named.isEmpty() || !Files.isExecutable(checkout.agent())) {
            throw new IllegalStateException(
                    "the property holdfast.checkout is \""
                            + named
                            + "\", and bin/holdfast-agent is not there: name the folder of the checkout");
        }
        return checkout;
    }

    Path agent() {
        return directory.resolve("bin/holdfast-agent");
    }

    Path ctl() {
        return directory.resolve("bin/ctl");
    }
}
