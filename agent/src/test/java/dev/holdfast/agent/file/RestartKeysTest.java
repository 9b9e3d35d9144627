package dev.holdfast.agent.file;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.config.AgentConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** After a reload it is said by name what does not hold yet. */
final class RestartKeysTest {
    @TempDir Path directory;
    private ConfigOnHost host;

    @BeforeEach
    void makeHost() throws IOException {
        host = new ConfigOnHost(directory);
    }

    private AgentConfig read(UnaryOperator<String> change) throws IOException {
        Path file = Files.writeString(directory.resolve("config.yml"), change.apply(host.yaml()));
        return switch (new ConfigFile(Optional.of(file), Map.of()).read()) {
            case ConfigFile.Result.Usable(AgentConfig config, var _) -> config;
            case ConfigFile.Result.Unusable(var errors) -> throw new AssertionError(errors);
        };
    }

    @Test
    void whatCanChangeWhileTheAgentRunsIsNotNamed() throws IOException {
        AgentConfig changed =
                read(yaml ->
                        yaml
                                + """
                                  parameters: {work_mem: 8MB}
                                  pg_hba: [host all all all scram-sha-256]
                                tags: {nofailover: true}
                                log: {level: DEBUG}
                                """);

        assertThat(RestartKeys.changed(read(yaml -> yaml), changed)).isEmpty();
    }

    @Test
    void whatCannotIsNamedByItsPath() throws IOException {
        AgentConfig changed =
                read(yaml ->
                        yaml.replace("127.0.0.1:2379", "127.0.0.1:2380")
                                        .replace("username: replicator", "username: copier")
                                        .replace(
                                                "listen: 127.0.0.1:" + host.postgresPort,
                                                "listen: '*:1'")
                                + "  connect_address: 127.0.0.1:"
                                + host.postgresPort
                                + "\n");

        assertThat(RestartKeys.changed(read(yaml -> yaml), changed))
                .containsExactly("etcd3", "postgresql.listen", "postgresql.authentication");
    }
}
