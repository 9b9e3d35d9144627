package dev.holdfast.agent.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** All that is wrong with a configuration, in itself or on this host, is said at once. */
final class ValidationTest {
    @TempDir Path directory;
    private ConfigOnHost host;

    private record Outcome(int status, String out, String errors) {}

    @BeforeEach
    void makeHost() throws IOException {
        host = new ConfigOnHost(directory);
    }

    private Outcome validate(ConfigFile file, Validation.Ports ports, Validation.Print print) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream errors = new ByteArrayOutputStream();
        int status =
                Validation.run(
                        file,
                        ports,
                        print,
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(errors, true, StandardCharsets.UTF_8));
        return new Outcome(
                status,
                out.toString(StandardCharsets.UTF_8),
                errors.toString(StandardCharsets.UTF_8));
    }

    private Outcome validate(String yaml) throws IOException {
        Path file = Files.writeString(directory.resolve("config.yml"), yaml);
        return validate(
                new ConfigFile(Optional.of(file), Map.of()),
                Validation.Ports.MUST_BE_FREE,
                Validation.Print.NOTHING);
    }

    @Test
    void aSoundConfigurationIsAcceptedWithWhatItsAuthorMayHaveOverlooked() throws IOException {
        Outcome outcome = validate(host.yaml());

        assertThat(outcome.errors().lines())
                .containsExactly(
                        "WARNING restapi.connect_address: found \"127.0.0.1:"
                                + host.restPort
                                + "\", which only this host itself can reach.",
                        "WARNING postgresql.connect_address: found \"127.0.0.1:"
                                + host.postgresPort
                                + "\", which only this host itself can reach.");
        assertThat(outcome.status()).isZero();
        assertThat(outcome.out()).isEmpty();
    }

    @Test
    void whatIsWrongInTheFileAndOnTheHostIsSaidTogether() throws IOException {
        Files.createDirectories(directory.resolve("data/base"));
        String yaml =
                host.yaml().replace("ttl: 10", "ttl: soon").replace("scope: demo", "scop: demo")
                        + "log: {dir: "
                        + directory.resolve("nowhere")
                        + "}\nvip: {interface: nosuch0, writer: 10.0.0.100/24}\n";

        Outcome outcome = validate(yaml);

        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.errors())
                .contains("ERROR   bootstrap.dcs.ttl: found \"soon\", expected a whole number")
                .contains("ERROR   scope: found nothing, expected ")
                .contains("WARNING scop: found a key that Holdfast does not know")
                .contains(
                        "ERROR   vip.interface: found \"nosuch0\", expected a network interface of this host: ")
                .contains("ERROR   log.dir: found \"" + directory.resolve("nowhere") + '"')
                .contains("ERROR   postgresql.data_dir: found \"" + directory.resolve("data"));
    }

    @Test
    void certificatesThatAreNotThereOrNoneAreErrorsEachWithItsKey() throws IOException {
        Path none = directory.resolve("none.pem");
        Path text = Files.writeString(directory.resolve("text.pem"), "no certificate\n");
        String listens = "  listen: 127.0.0.1:" + host.restPort + "\n";
        String etcd = "  hosts: 127.0.0.1:2379\n";

        Outcome outcome =
                validate(
                        host.yaml()
                                        .replace(
                                                listens,
                                                listens
                                                        + "  certfile: %s\n  keyfile: %s\n  cafile: %s\n"
                                                                .formatted(none, none, text))
                                        .replace(
                                                etcd,
                                                etcd
                                                        + "  protocol: https\n  cacert: %s\n  cert: %s\n  key: %s\n"
                                                                .formatted(none, text, text))
                                + "ctl: {cacert: %s}\n".formatted(none));

        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.errors())
                .contains("ERROR   restapi.certfile: found \"" + none, "there is no file " + none)
                .contains("ERROR   restapi.cafile: found \"" + text)
                .contains("ERROR   etcd3.cacert: found \"" + none)
                .contains("ERROR   etcd3.cert: found \"" + text)
                .contains("ERROR   ctl.cacert: found \"" + none);
    }

    @Test
    void dataOfAnotherVersionAndProgramsThatAreNotThereAreErrors() throws IOException {
        Files.createDirectories(directory.resolve("data"));
        Files.writeString(directory.resolve("data/PG_VERSION"), "14\n");
        assertThat(validate(host.yaml()).errors())
                .contains("of PostgreSQL 14, expected data of the version of the programs, 15.3.");

        Files.delete(directory.resolve("bin/pg_rewind"));
        Outcome outcome = validate(host.yaml());
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.errors())
                .contains("ERROR   postgresql.bin_dir: found \"" + directory.resolve("bin"))
                .contains("pg_rewind was not found");
    }

    @Test
    void aPortThatIsTakenIsAnErrorUnlessItIsToBeIgnored() throws IOException {
        Path file = Files.writeString(directory.resolve("config.yml"), host.yaml());
        ConfigFile config = new ConfigFile(Optional.of(file), Map.of());
        try (ServerSocket _ =
                new ServerSocket(host.restPort, 1, InetAddress.getLoopbackAddress())) {
            Outcome outcome =
                    validate(config, Validation.Ports.MUST_BE_FREE, Validation.Print.NOTHING);
            assertThat(outcome.status()).isEqualTo(1);
            assertThat(outcome.errors())
                    .contains("ERROR   restapi.listen: found \"127.0.0.1:" + host.restPort);

            assertThat(
                            validate(config, Validation.Ports.IGNORED, Validation.Print.NOTHING)
                                    .status())
                    .isZero();
        }
    }

    @Test
    void aSoundConfigurationIsPrintedWithTheVariablesAndWithoutPasswords() throws IOException {
        Path file = Files.writeString(directory.resolve("config.yml"), host.yaml());

        Outcome outcome =
                validate(
                        new ConfigFile(Optional.of(file), Map.of("PATRONI_NAME", "pg7")),
                        Validation.Ports.MUST_BE_FREE,
                        Validation.Print.CONFIGURATION);

        assertThat(outcome.out()).contains("name: pg7", "ttl: 10").doesNotContain("hush");
    }

    @Test
    void withoutAFileTheEnvironmentIsTheConfiguration() {
        Outcome whole =
                validate(
                        new ConfigFile(
                                Optional.empty(),
                                Map.of(
                                        "PATRONI_CONFIGURATION",
                                        host.yaml(),
                                        "PATRONI_NAME",
                                        "is not considered then")),
                        Validation.Ports.MUST_BE_FREE,
                        Validation.Print.CONFIGURATION);
        assertThat(whole.status()).as(whole.errors()).isZero();
        assertThat(whole.out()).contains("name: pg1");

        Outcome variables =
                validate(
                        new ConfigFile(Optional.empty(), Map.of("PATRONI_SCOPE", "demo")),
                        Validation.Ports.MUST_BE_FREE,
                        Validation.Print.NOTHING);
        assertThat(variables.status()).isEqualTo(1);
        assertThat(variables.errors())
                .contains("ERROR   name: found nothing")
                .doesNotContain("ERROR   scope");
    }

    @Test
    void aParameterThatTheProgramsDoNotTakeIsSaid() throws IOException {
        Files.writeString(
                directory.resolve("bin/postgres"),
                """
                #!/bin/sh
                case "$*" in
                    *wrk_mem*) echo '2026 [1] FATAL:  unrecognized configuration parameter "wrk_mem"'; exit 1;;
                    *) echo 'postgres (PostgreSQL) 15.3';;
                esac
                """);

        Outcome outcome =
                validate(
                        host.yaml()
                                .replace(
                                        "ttl: 10",
                                        "postgresql: {parameters: {wrk_mem: 1MB, work_mem: 1MB}}"));

        assertThat(outcome.status()).isZero();
        assertThat(outcome.errors())
                .contains(
                        "WARNING bootstrap.dcs.postgresql.parameters.wrk_mem: found \"1MB\", which PostgreSQL 15.3"
                                + " does not take, so it is left out: unrecognized configuration parameter")
                .doesNotContain("parameters.work_mem");
    }

    @Test
    void whatIsNotYamlIsNamedWithItsLine() throws IOException {
        Outcome outcome = validate("scope: [demo\n");

        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.errors()).startsWith("ERROR   the configuration file ").contains("line");
    }
}
