package dev.holdfast.ctl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.ctl.ClusterFixture.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Wrong usage exits with 2, what cannot be done with 1, and each says why in words. */
class UsageTest {
    private final ClusterFixture cluster = new ClusterFixture();

    @TempDir Path directory;

    @AfterEach
    void close() {
        cluster.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "\"\"                                  | a command is missing",
                "lisst                               | Unmatched argument at index",
                "list --nonsense                     | Unknown option: '--nonsense'",
                "list -f xml                         | expected one of pretty, tsv, json, yaml",
                "list -w soon                        | 'soon' is not a double",
                "restart --role master               | expected one of leader, primary, standby-leader, replica, standby, any",
                "restart --timeout soon              | 'soon' is not an int",
                "switchover demo --candidate         | Missing required parameter",
                "edit-config demo --replace a --apply b | --replace cannot go with --apply, -s or -p",
            })
    void wrongUsageIsSaid(String arguments, String sentence) {
        Result result = cluster.run(arguments.isEmpty() ? new String[0] : arguments.split(" "));

        assertThat(result.status()).isEqualTo(2);
        assertThat(result.err()).contains(sentence).contains("--help").doesNotContain("\tat ");
        assertThat(result.out()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "list                    | no cluster was named, and no configuration file sets scope",
                "list nowhere            | there is no cluster \"nowhere\" under /service/ at http://store.example:2379; those found are: demo, other.",
                "list broken             | no answer came",
                "list -w 0 demo          | -w 0.0 is no interval",
                "restart demo --timeout 0 --force | --timeout 0 is no time",
                "restart demo --scheduled soon | \"soon\" is not a time",
                "restart demo --scheduled 2026-11-20T17:00+00:00 | lies in the past",
                "edit-config demo -s ttl | \"ttl\" after -s is not NAME=VALUE",
                "edit-config demo -s a..b=1 | names a level without a name",
                "edit-config demo --apply /nonexistent | the file /nonexistent cannot be read",
            })
    void whatCannotBeDoneIsSaid(String arguments, String sentence) {
        Result result = cluster.run(arguments.split(" "));

        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err()).startsWith("Error: ").contains(sentence).doesNotContain("\tat ");
    }

    @Test
    void aStackTraceIsShownOnlyToWhoAsksForIt() {
        Result quiet = cluster.run("list", "unprepared");
        Result debug =
                cluster.runWith(
                        Map.of("HOLDFAST_DEBUG", "1"),
                        directory,
                        "-d",
                        "etcd3://store.example:2379",
                        "list",
                        "unprepared");

        assertThat(quiet.err()).startsWith("Error: ").doesNotContain("\tat ");
        assertThat(debug.err()).contains("\tat dev.holdfast.ctl.");
    }

    @Test
    void theConfigurationFileNamesClusterAndStore() throws IOException {
        Path file =
                Files.writeString(
                        directory.resolve("ctl.yml"),
                        "scope: demo\netcd3:\n  hosts: store.example:2379\n");

        assertThat(cluster.runWith(Map.of(), directory, "-c", file.toString(), "list").status())
                .isZero();
        assertThat(
                        cluster.runWith(
                                        Map.of("PATRONICTL_CONFIG_FILE", file.toString()),
                                        directory,
                                        "list")
                                .status())
                .isZero();
        Files.createDirectories(directory.resolve(".config/patroni"));
        Files.copy(file, directory.resolve(".config/patroni/patronictl.yaml"));
        assertThat(cluster.runWith(Map.of(), directory, "list").status()).isZero();
    }

    @Test
    void theStoreCanBeNamedByPatronisVariable() {
        Map<String, String> named = Map.of("DCS_URL", "etcd3://store.example:2379");

        assertThat(cluster.runWith(named, directory, "list", "demo").status()).isZero();
        assertThat(cluster.runWith(named, directory, "-d", "consul://a:1", "list", "demo").err())
                .as("an option wins over it")
                .contains("consul");
    }

    @Test
    void theNamespaceMayStandBehindTheStore() {
        Map<String, String> elsewhere = Map.of("PATRONI_NAMESPACE", "/elsewhere");
        String store = "etcd3://store.example:2379,other.example:2379";

        assertThat(
                        cluster.runWith(
                                        elsewhere,
                                        directory,
                                        "-d",
                                        store + "/service",
                                        "list",
                                        "demo")
                                .status())
                .isZero();
        assertThat(cluster.runWith(elsewhere, directory, "-d", store, "list", "demo").status())
                .isNotZero();
    }

    @Test
    void aConfigurationFileThatIsNotThereIsNamed() {
        assertThat(cluster.runWith(Map.of(), directory, "-c", "/nonexistent/a.yml", "list").err())
                .isEqualTo(
                        "Error: the configuration file /nonexistent/a.yml does not exist: correct -c, or the variable"
                                + " that names it.\n");
    }

    @Test
    void aConfigurationFileThatIsNotYamlIsNamedWithTheLine() throws IOException {
        Path file = Files.writeString(directory.resolve("bad.yml"), "scope: demo\netcd3: [\n");

        assertThat(cluster.runWith(Map.of(), directory, "-c", file.toString(), "list").err())
                .startsWith(
                        "Error: the configuration file "
                                + file
                                + " is not YAML: line 3, column 1: ");
    }

    @Test
    void aDirectoryOfFilesIsOneConfiguration() throws IOException {
        Path files = Files.createDirectory(directory.resolve("conf.d"));
        Files.writeString(files.resolve("10-store.yml"), "etcd3:\n  hosts: store.example:2379\n");
        Files.writeString(files.resolve("20-cluster.yaml"), "scope: demo\n");

        assertThat(cluster.runWith(Map.of(), directory, "-c", files.toString(), "list").status())
                .isZero();
    }

    @Test
    void withoutAnAddressOfEtcdThePlacesAreNamed() {
        assertThat(cluster.runWith(Map.of(), directory, "list", "demo").err())
                .startsWith("Error: it is not known where etcd is: give -d etcd3://HOST:PORT")
                .contains(directory + "/.config/patroni/patronictl.yaml");
    }

    @Test
    void certificatesForAnUnprotectedStoreAreAContradiction() throws IOException {
        Path file =
                Files.writeString(
                        directory.resolve("tls.yml"),
                        "scope: demo\netcd3:\n  hosts: store.example:2379\n  cacert: /ca.pem\n");

        Result result = cluster.runWith(Map.of(), directory, "-c", file.toString(), "list");
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err()).contains("etcd3.protocol", "there are certificates for it");
    }

    @Test
    void anotherStoreThanEtcdIsRefused() {
        assertThat(cluster.runWith(Map.of(), directory, "-d", "consul://a:1", "list", "demo").err())
                .contains("only etcd is known");
    }
}
