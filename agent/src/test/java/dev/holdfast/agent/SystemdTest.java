package dev.holdfast.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The other end is Perl, which knows datagrams on Unix sockets and is on every Debian. */
@Timeout(30)
final class SystemdTest {
    private static final String LISTENER =
            """
            socket(my $socket, PF_UNIX, SOCK_DGRAM, 0) or die $!;
            my $name = $ARGV[0]; $name =~ s/^@/\\0/;
            bind($socket, pack_sockaddr_un($name)) or die $!;
            $| = 1; print "bound\\n";
            recv($socket, my $said, 100, 0); print "$said\\n";
            """;

    @TempDir Path directory;

    @Test
    void aUnitThatIsToNotifySaysThatItIsReady() throws IOException {
        String inDirectory = directory.resolve("notify").toString();
        assertThat(heardAt(inDirectory)).isEqualTo("READY=1");
        assertThat(heardAt("@holdfast-" + ProcessHandle.current().pid())).isEqualTo("READY=1");
    }

    @Test
    void nobodyThereIsNoReasonToFail() {
        Systemd.ready(Map.of());
        Systemd.ready(Map.of("NOTIFY_SOCKET", ""));
        Systemd.ready(Map.of("NOTIFY_SOCKET", directory.resolve("nobody").toString()));
        Systemd.ready(Map.of("NOTIFY_SOCKET", "/" + "x".repeat(200)));
    }

    private static String heardAt(String socket) throws IOException {
        Process perl =
                new ProcessBuilder("perl", "-MSocket", "-e", LISTENER, socket)
                        .redirectErrorStream(true)
                        .start();
        try (BufferedReader said = perl.inputReader()) {
            assertThat(said.readLine()).isEqualTo("bound");
            Systemd.ready(Map.of("NOTIFY_SOCKET", socket));
            return said.readLine();
        } finally {
            perl.destroyForcibly();
        }
    }
}
