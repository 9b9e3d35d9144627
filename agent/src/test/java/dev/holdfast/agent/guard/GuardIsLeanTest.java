package dev.holdfast.agent.guard;

import static dev.holdfast.agent.guard.GuardUnderTest.answer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The guard needs little, takes it at its start, and says what its host does not allow it. */
class GuardIsLeanTest {
    private static final long MOST_KIB = 2048;

    @TempDir Path home;

    @Test
    void isSmallAndAllocatesNothingWhenItActs() throws IOException {
        try (GuardUnderTest guard = new GuardUnderTest(home)) {
            assumeFalse(guard.isSanitized(), "a sanitizer's own memory is not the guard's");
            long guardPid = guard.client().guardPid();
            long sizeBefore = kib(guardPid, "VmSize");
            long pid = guard.start("for i in $(seq 100); do setsid sleep 1000 & done; wait");
            guard.awaitMarked(101);
            answer(guard.client().arm(guard.in(Duration.ofSeconds(1))));
            guard.told().awaitEvent(new Told.Gone(pid));
            assertThat(kib(guardPid, "VmRSS")).isLessThanOrEqualTo(MOST_KIB);
            assertThat(kib(guardPid, "VmHWM")).isLessThanOrEqualTo(MOST_KIB);
            assertThat(kib(guardPid, "VmSize")).isEqualTo(sizeBefore);
        }
    }

    @Test
    void locksItsMemoryAndRunsBeforeOthersWhereItMay() throws IOException {
        try (GuardUnderTest guard = new GuardUnderTest(home)) {
            assumeFalse(guard.isSanitized(), "a sanitizer's memory cannot be locked");
            long guardPid = guard.client().guardPid();
            List<String> notices = guard.told().notices();
            boolean locked = notices.stream().noneMatch(n -> n.contains("lock its memory"));
            boolean realTime = notices.stream().noneMatch(n -> n.contains("real-time"));
            assertThat(kib(guardPid, "VmLck") > 0).isEqualTo(locked);
            assertThat(policy(guardPid)).isEqualTo(realTime ? "1" : "0");
        }
    }

    @Test
    void saysOnceToEachAgentWhatItMayNot() throws IOException {
        Path guardDir =
                Files.createDirectory(
                        home.resolve("guard"),
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rwx------")));
        List<String> command = new ArrayList<>(List.of("prlimit", "--memlock=0:0", "--rtprio=0:0"));
        if (System.getProperty("user.name").equals("root")) {
            GuardUnderTest.run("chown", "-R", "postgres:", home.toString());
            command.addAll(
                    List.of("setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"));
        }
        command.addAll(List.of(GuardUnderTest.binary().toString(), "--dir", guardDir.toString()));
        GuardUnderTest.run(command.toArray(String[]::new));
        Told told = new Told();
        GuardClient client = GuardClient.connect(guardDir, told);
        client.close();
        Told again = new Told();
        client = GuardClient.connect(guardDir, again, client.generation());
        try {
            assertThat(told.notices())
                    .anyMatch(n -> n.contains("real-time") && n.contains("LimitRTPRIO=1"))
                    .anyMatch(n -> n.contains("memory is short") && n.contains("OOMScoreAdjust"));
            assertThat(again.notices()).as("the same agent again").isEmpty();
            if (!GuardUnderTest.binary().toString().endsWith("-asan")) {
                assertThat(told.notices())
                        .anyMatch(n ->
                                n.contains("lock its memory")
                                        && n.contains("LimitMEMLOCK=infinity"));
            }
        } finally {
            answer(client.quit());
            client.close();
        }
    }

    private static long kib(long pid, String field) throws IOException {
        return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
                .filter(line -> line.startsWith(field + ":"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
    }

    private static String policy(long pid) throws IOException {
        String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        return stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[38];
    }
}
