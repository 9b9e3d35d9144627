package dev.holdfast.core.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.config.AgentConfig.Credentials;
import dev.holdfast.core.config.AgentConfig.DatabaseUser;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Environment variables win over the file, and HOLDFAST_ over PATRONI_. */
class EnvironmentTest {
    private static final String FILE =
            """
            scope: demo
            name: of-file
            restapi: {listen: "127.0.0.1:8008"}
            etcd3: {hosts: ["127.0.0.1:2379"], username: file, password: file}
            postgresql:
              listen: 127.0.0.1:5432
              data_dir: /srv/pg1
              authentication:
                superuser: {username: postgres, password: a}
                replication: {username: replicator, password: b}
            """;

    private static SortedMap<String, String> variables(String... namesAndValues) {
        SortedMap<String, String> variables = new TreeMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            variables.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        return variables;
    }

    private static AgentConfig good(String file, String... namesAndValues) {
        AgentConfigReader.Read read =
                AgentConfigReader.read(Yaml.tree(file), variables(namesAndValues));
        assertThat(Yaml.sentences(read.problems())).isEmpty();
        return read.config().orElseThrow();
    }

    @Test
    void ourNameWinsOverPatronisAndBothOverTheFile() {
        assertThat(good(FILE).name().value()).isEqualTo("of-file");
        assertThat(good(FILE, "PATRONI_NAME", "p").name().value()).isEqualTo("p");
        assertThat(good(FILE, "PATRONI_NAME", "p", "HOLDFAST_NAME", "h").name().value())
                .isEqualTo("h");
        assertThat(good(FILE, "PATRONI_NAME", "", "HOLDFAST_NAME", " ").name().value())
                .isEqualTo("of-file");
    }

    @Test
    void aMemberCanBeConfiguredByVariablesAlone() {
        AgentConfigReader.Read read =
                AgentConfigReader.read(
                        new TreeMap<>(),
                        variables(
                                "PATRONI_NAME", "pg1",
                                "PATRONI_SCOPE", "demo",
                                "PATRONI_NAMESPACE", "/db/",
                                "PATRONI_ETCD3_HOSTS", "'e1:2379','e2:2379'",
                                "PATRONI_ETCD3_USERNAME", "eu",
                                "PATRONI_ETCD3_PASSWORD", "ep",
                                "PATRONI_RESTAPI_LISTEN", "*:8008",
                                "PATRONI_RESTAPI_CONNECT_ADDRESS", "h:8008",
                                "PATRONI_RESTAPI_USERNAME", "ru",
                                "PATRONI_RESTAPI_PASSWORD", "rp",
                                "PATRONI_CTL_USERNAME", "cu",
                                "PATRONI_CTL_PASSWORD", "cp",
                                "PATRONI_POSTGRESQL_LISTEN", "*:5432",
                                "PATRONI_POSTGRESQL_CONNECT_ADDRESS", "h:5432",
                                "PATRONI_POSTGRESQL_PROXY_ADDRESS", "h:6432",
                                "PATRONI_POSTGRESQL_DATA_DIR", "/d",
                                "PATRONI_POSTGRESQL_CONFIG_DIR", "/c",
                                "PATRONI_POSTGRESQL_BIN_DIR", "/b",
                                "PATRONI_POSTGRESQL_PGPASS", "/p",
                                "PATRONI_SUPERUSER_USERNAME", "su",
                                "PATRONI_SUPERUSER_PASSWORD", "sp",
                                "PATRONI_REPLICATION_USERNAME", "pu",
                                "PATRONI_REPLICATION_PASSWORD", "pp",
                                "PATRONI_REWIND_USERNAME", "wu",
                                "PATRONI_REWIND_PASSWORD", "wp",
                                "PATRONI_LOG_LEVEL", "DEBUG",
                                "PATRONI_LOG_TYPE", "json",
                                "PATRONI_LOG_DIR", "/l",
                                "HOLDFAST_GUARD_DIR", "/g",
                                "HOLDFAST_JAVA_HOME", "/usr/lib/jvm/x",
                                "PATH", "/bin"));

        assertThat(Yaml.sentences(read.problems())).isEmpty();
        AgentConfig config = read.config().orElseThrow();
        assertThat(config.namespace() + config.scope()).isEqualTo("/db/demo");
        assertThat(config.etcd())
                .isEqualTo(
                        AgentConfig.Etcd.plain(
                                List.of("http://e1:2379", "http://e2:2379"),
                                Optional.of(new Credentials("eu", "ep"))));
        assertThat(config.restApi().connectAddress()).hasToString("h:8008");
        assertThat(config.restApi().authentication()).contains(new Credentials("ru", "rp"));
        assertThat(config.ctl().authentication()).contains(new Credentials("cu", "cp"));
        assertThat(config.postgresql().proxyAddress().orElseThrow()).hasToString("h:6432");
        assertThat(config.postgresql().dataDir()).isEqualTo("/d");
        assertThat(config.postgresql().configDir()).isEqualTo("/c");
        assertThat(config.postgresql().binDir()).contains("/b");
        assertThat(config.postgresql().pgpass()).isEqualTo("/p");
        assertThat(config.postgresql().superuser()).isEqualTo(new DatabaseUser("su", "sp"));
        assertThat(config.postgresql().replication()).isEqualTo(new DatabaseUser("pu", "pp"));
        assertThat(config.postgresql().rewind()).isEqualTo(new DatabaseUser("wu", "wp"));
        assertThat(config.guard().dir()).isEqualTo("/g");
        assertThat(config.log().level()).isEqualTo("DEBUG");
        assertThat(config.log().type()).isEqualTo(AgentConfig.Log.Type.JSON);
        assertThat(config.log().files().orElseThrow().dir()).isEqualTo("/l");
    }

    @ParameterizedTest
    @CsvSource({
        "PATRONI_ETCD3_HOST, a:1, PATRONI_IGNORED_, '', http://a:1",
        "PATRONI_ETCD_URL, http://a:1/, PATRONI_IGNORED_, '', http://a:1",
        "PATRONI_ETCD_HOST, a:1, PATRONI_ETCD3_HOST, b:1, http://b:1",
        "PATRONI_ETCD3_HOSTS, a:1, HOLDFAST_ETCD_HOST, b:1, http://b:1",
        "HOLDFAST_ETCD_HOSTS, a:1, PATRONI_ETCD3_URL, http://b:1, http://a:1"
    })
    void anAddressOfEtcdReplacesAllThatALesserPlaceSays(
            String first, String firstValue, String second, String secondValue, String endpoint) {
        for (String section : List.of("etcd3", "etcd")) {
            String file = FILE.replace("etcd3:", section + ":");
            AgentConfig config = good(file, first, firstValue, second, secondValue);
            assertThat(config.etcd().endpoints()).containsExactly(endpoint);
            assertThat(config.etcd().credentials()).contains(new Credentials("file", "file"));
        }
    }

    @Test
    void aSentenceNamesTheVariableThatIsWrong() {
        AgentConfigReader.Read read =
                AgentConfigReader.read(
                        Yaml.tree(FILE),
                        variables(
                                "PATRONI_POSTGRESQL_DATA_DIR", "data",
                                "HOLDFAST_ETCD3_CACERT", "/ca.pem",
                                "PATRONI_admin_PASSWORD", "hush",
                                "HOLDFAST_NAEM", "x"));

        assertThat(read.config()).isEmpty();
        assertThat(Yaml.sentences(read.problems()))
                .containsExactly(
                        "WARNING the variable HOLDFAST_NAEM: found a setting, which is not supported and is ignored.",
                        "WARNING the variable PATRONI_admin_PASSWORD: found a setting, which is not supported and is ignored.",
                        "ERROR postgresql.data_dir (from the variable PATRONI_POSTGRESQL_DATA_DIR): found \"data\", expected an absolute"
                                + " path, one that starts with /.",
                        "ERROR etcd3.protocol: found http, expected https (or https:// in the address), because there are certificates for it.");
    }

    @Test
    void theTreeOfTheFileStaysAsItWas() {
        Map<String, Object> tree = Yaml.tree(FILE);

        AgentConfigReader.read(
                tree,
                variables(
                        "PATRONI_POSTGRESQL_LISTEN",
                        "h:1",
                        "PATRONI_ETCD3_URL",
                        "http://x:1",
                        "PATRONI_NAME",
                        "n"));

        assertThat(tree).isEqualTo(Yaml.tree(FILE));
    }

    @Test
    void aFileOfTheWrongShapeIsSaidDespiteTheVariables() {
        AgentConfigReader.Read read =
                AgentConfigReader.read(
                        Yaml.tree(FILE.replaceAll("(?s)postgresql:.*", "postgresql: 7\n")),
                        variables("PATRONI_POSTGRESQL_DATA_DIR", "/d"));

        assertThat(Yaml.sentences(read.problems()))
                .contains("ERROR postgresql: found 7, expected a map of keys and values.");
    }

    @Test
    void whatIsShownHasTheVariablesInItAndNoPassword() {
        Map<String, Object> shown =
                AgentConfigReader.shown(
                        Yaml.tree(FILE),
                        variables(
                                "PATRONI_NAME", "of-variable",
                                "PATRONI_RESTAPI_PASSWORD", "hush",
                                "PATRONI_ETCD3_URL", "http://me:hush@127.0.0.1:2379"));

        assertThat(shown).containsEntry("name", "of-variable");
        assertThat(shown.toString())
                .contains("password=***", "url=http://***@127.0.0.1:2379")
                .doesNotContain("hush", "password=a", "password=b", "password=file");
    }

    @Test
    void onlyASettingCountsAsAConfiguration() {
        assertThat(AgentConfigReader.saysAnything(variables("HOLDFAST_JAVA_HOME", "/opt/java")))
                .isFalse();
        assertThat(AgentConfigReader.saysAnything(variables("PATRONI_NAME", ""))).isFalse();
        assertThat(AgentConfigReader.saysAnything(variables("PATRONI_NAME", "pg1"))).isTrue();
    }

    @Test
    void levelsOfPackagesCanStandInAVariable() {
        AgentConfig config =
                good(
                        FILE,
                        "PATRONI_LOG_LOGGERS",
                        "{dev.holdfast.agent: DEBUG, 'journal': ERROR}",
                        "PATRONI_LOG_FILE_SIZE",
                        "1000000",
                        "PATRONI_LOG_DIR",
                        "/var/log/holdfast",
                        "PATRONI_LOG_MODE",
                        "0644");

        assertThat(config.log().loggers())
                .containsExactly(
                        Map.entry("dev.holdfast.agent", "DEBUG"), Map.entry("journal", "ERROR"));
        assertThat(config.log().files())
                .contains(
                        new AgentConfig.Log.Files(
                                "/var/log/holdfast", 4, 1_000_000, Optional.of("rw-r--r--")));
    }

    @Test
    void headersCanStandInAVariableAsInPatroni() {
        assertThat(
                        good(
                                        FILE,
                                        "PATRONI_RESTAPI_HTTP_EXTRA_HEADERS",
                                        "X-Frame-Options: DENY, 'X-Sites': 'a:1, b', X-Note: it's on")
                                .restApi()
                                .headers())
                .containsExactly(
                        Map.entry("X-Frame-Options", "DENY"),
                        Map.entry("X-Note", "it's on"),
                        Map.entry("X-Sites", "a:1, b"));
        assertThat(
                        good(FILE, "PATRONI_RESTAPI_HTTP_EXTRA_HEADERS", "{X-A: '', X-B: b}")
                                .restApi()
                                .headers())
                .containsExactly(Map.entry("X-A", ""), Map.entry("X-B", "b"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{X-A: a", "X-A", "'X-A: a", "X-A: a, b"})
    void whatIsNoMapOfHeadersIsSaidWithItsVariable(String text) {
        AgentConfigReader.Read read =
                AgentConfigReader.read(
                        Yaml.tree(FILE), variables("PATRONI_RESTAPI_HTTP_EXTRA_HEADERS", text));

        assertThat(Yaml.sentences(read.problems()))
                .anySatisfy(sentence ->
                        assertThat(sentence)
                                .contains("PATRONI_RESTAPI_HTTP_EXTRA_HEADERS")
                                .contains("a map of names and values of headers"));
    }

    @Test
    void programsCanBeNamedByVariables() {
        assertThat(
                        good(FILE, "PATRONI_POSTGRESQL_BIN_PG_BASEBACKUP", "edb_basebackup")
                                .postgresql()
                                .binName())
                .containsExactly(Map.entry("pg_basebackup", "edb_basebackup"));
    }

    @Test
    void aWholeConfigurationBesideAFileIsIgnoredAndSaid() {
        assertThat(
                        Yaml.sentences(
                                AgentConfigReader.read(
                                                Yaml.tree(FILE),
                                                variables("PATRONI_CONFIGURATION", "scope: x"))
                                        .problems()))
                .containsExactly(
                        "WARNING the variable PATRONI_CONFIGURATION: found a setting, which is ignored, because a file is named.");
    }
}
