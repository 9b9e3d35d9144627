package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** {@code docker-compose.yml} as it is shipped, on the images that {@code make image} builds. */
@Tag("long")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ComposeIT {
    private static final List<String> MEMBERS = List.of("pg1", "pg2", "pg3");
    private static final List<String> SERVICES = List.of("member", "etcd", "haproxy", "prometheus");

    private final JsonMapper mapper = JsonMapper.builder().build();
    private Optional<Compose> compose = Optional.empty();

    @BeforeAll
    void start() {
        Finished engine = docker("info");
        assumeTrue(
                engine.status() == 0,
                () -> "no Docker engine answers here: " + engine.err().strip());
        for (String service : SERVICES) {
            assumeTrue(
                    docker("image", "inspect", "holdfast-" + service).status() == 0,
                    () -> "there is no image holdfast-" + service + ": run make image");
        }
        compose = Optional.of(Compose.found());
        compose().run("up", "--detach", "--no-build");
        Await.until("two members stream from a third", () -> streaming() == 2);
    }

    @AfterAll
    void end() {
        compose.ifPresent(each -> {
            System.out.println(each.run("logs", "--tail=30").out());
            Finished _ = each.run("down", "--volumes");
        });
    }

    @Test
    void aKilledContainerAndOneThatIsCutOffLoseNothing() throws IOException {
        Await.until("the load writes", () -> rows() > 0);
        try (Writers writers = Writers.start(compose().writer())) {
            String killed = leader();
            assertThat(docker("kill", container(killed)).status()).isZero();
            Await.until("another leads than " + killed, () -> !leader().equals(killed));
            writers.awaitProgress();
            compose().run("up", "--detach", "--no-build");
            Await.until(killed + " streams again", () -> streaming() == 2);

            String cutOff = leader();
            iptables(cutOff, "--append");
            Await.until("another leads than " + cutOff, () -> !leader().equals(cutOff));
            writers.awaitProgress();
            iptables(cutOff, "--delete");
            Await.until(cutOff + " streams again", () -> streaming() == 2);

            writers.awaitProgress();
            writers.stop();
            Writers.Verdict verdict = writers.check(compose().writer());
            assertThat(verdict.acknowledged()).isPositive();
            assertThat(verdict.lost()).isEmpty();
            assertThat(verdict.doubled()).isEmpty();
        }
    }

    private Compose compose() {
        return compose.orElseThrow();
    }

    private static Finished docker(String... arguments) {
        List<String> command = new ArrayList<>(List.of("docker"));
        command.addAll(List.of(arguments));
        try {
            return Finished.run(Account.unchanged(), command);
        } catch (UncheckedIOException e) {
            return new Finished(127, "", "there is no docker on the PATH");
        }
    }

    private String container(String service) {
        return compose().run("ps", "--quiet", service).out().strip();
    }

    /** What the first member that answers says of all. */
    private List<JsonNode> members() throws IOException {
        for (String member : MEMBERS) {
            Finished listed =
                    compose().run("exec", "-T", member, "ctl", "list", "--format", "json");
            if (listed.status() == 0) {
                return StreamSupport.stream(mapper.readTree(listed.out()).spliterator(), false)
                        .toList();
            }
        }
        throw new IllegalStateException("ctl list answers on none of " + MEMBERS);
    }

    private String leader() throws IOException {
        return members().stream()
                .filter(member -> member.path("Role").asText().equals("Leader"))
                .map(member -> member.path("Member").asText())
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("nobody leads"));
    }

    private long streaming() throws IOException {
        return members().stream()
                .filter(member -> member.path("State").asText().equals("streaming"))
                .count();
    }

    private long rows() {
        return Long.parseLong(Sql.value(compose().writer(), "SELECT count(*) FROM demo"));
    }

    /** Nothing arrives from outside and nothing leaves, in the container's own network. */
    private void iptables(String service, String what) {
        String pid =
                docker("inspect", "--format", "{{.State.Pid}}", container(service)).out().strip();
        Stream.of(List.of("INPUT", "-i"), List.of("OUTPUT", "-o"))
                .forEach(chain -> {
                    String _ =
                            Commands.run(
                                    List.of("nsenter", "--target=" + pid, "--net"),
                                    List.of(
                                            Programs.named("iptables").toString(),
                                            what,
                                            chain.getFirst(),
                                            chain.getLast(),
                                            "eth0",
                                            "--jump",
                                            "DROP"));
                });
    }

    /** The command, whichever of the two there is, with ports and a project of its own. */
    private record Compose(List<String> command, Address writer) {
        static Compose found() {
            Ports ports = Ports.free(4);
            Address writer = Address.here(ports.next());
            List<String> command =
                    new ArrayList<>(
                            List.of(
                                    "env",
                                    "HOLDFAST_PASSWORD=" + Sql.PASSWORD,
                                    "HOLDFAST_WRITER_PORT=" + writer.port(),
                                    "HOLDFAST_READER_PORT=" + ports.next(),
                                    "HOLDFAST_STATISTICS_PORT=" + ports.next(),
                                    "HOLDFAST_PROMETHEUS_PORT=" + ports.next()));
            command.addAll(
                    docker("compose", "version").status() == 0
                            ? List.of("docker", "compose")
                            : List.of("docker-compose"));
            command.addAll(
                    List.of(
                            "--file",
                            Checkout.found().directory().resolve("docker-compose.yml").toString(),
                            "--project-name",
                            "holdfast-it-" + ProcessHandle.current().pid()));
            return new Compose(List.copyOf(command), writer);
        }

        Finished run(String... arguments) {
            List<String> all = new ArrayList<>(command);
            all.addAll(List.of(arguments));
            return Finished.run(Account.unchanged(), all);
        }
    }
}
