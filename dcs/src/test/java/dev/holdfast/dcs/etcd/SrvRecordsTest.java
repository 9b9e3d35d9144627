package dev.holdfast.dcs.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.core.config.AgentConfig.Srv;
import dev.holdfast.dcs.DcsException;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Where etcd is may stand in the DNS. */
class SrvRecordsTest {
    @Test
    void theFirstServiceThatExistsIsUsedTheBestPriorityFirst() throws IOException {
        try (NameServer dns =
                new NameServer(
                        Map.of(
                                "_etcd-client._tcp.example.org",
                                List.of("20 0 2379 late.example.org", "10 0 2380 soon.example.org"),
                                "_etcd._tcp.example.org",
                                List.of("1 0 1 never.example.org"),
                                "_etcd-client-ssl-foo._tcp.example.org",
                                List.of("0 0 2379 tls.example.org")))) {
            SrvRecords records = new SrvRecords(dns.url());

            assertThat(records.endpoints(new Srv("example.org", Optional.empty(), "http")))
                    .containsExactly(
                            "http://soon.example.org:2380", "http://late.example.org:2379");
            assertThat(records.endpoints(new Srv("example.org", Optional.of("foo"), "http")))
                    .containsExactly("https://tls.example.org:2379");
            assertThatThrownBy(() ->
                            records.endpoints(new Srv("example.net", Optional.empty(), "http")))
                    .isInstanceOf(DcsException.class)
                    .hasMessageContaining(
                            "no SRV record of etcd under _etcd-client-ssl._tcp.example.net");
        }
    }

    @Test
    void aNameServerThatIsNotThereIsSaid() throws IOException {
        String nobody;
        try (NameServer dns = new NameServer(Map.of())) {
            nobody = dns.url();
        }
        assertThatThrownBy(() ->
                        new SrvRecords(nobody)
                                .endpoints(new Srv("example.org", Optional.empty(), "http")))
                .isInstanceOf(DcsException.class)
                .hasMessageContaining("could not be asked for _etcd-client-ssl._tcp.example.org");
    }

    /** Answers for SRV records out of a map, and knows no other name. */
    private static final class NameServer implements AutoCloseable {
        private static final int HEADER = 12;
        private static final int SRV = 33;
        private static final int NO_SUCH_NAME = 3;

        private final DatagramSocket socket =
                new DatagramSocket(0, InetAddress.getLoopbackAddress());
        private final Map<String, List<String>> records;

        NameServer(Map<String, List<String>> records) throws IOException {
            this.records = records;
            Thread.ofVirtual().start(this::serve);
        }

        String url() {
            return "dns://127.0.0.1:" + socket.getLocalPort();
        }

        private void serve() {
            byte[] buffer = new byte[512];
            try {
                while (true) {
                    DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                    socket.receive(packet);
                    byte[] answer = answer(Arrays.copyOf(packet.getData(), packet.getLength()));
                    socket.send(
                            new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
                }
            } catch (IOException _) {
                // Closed: the test is over.
            }
        }

        private byte[] answer(byte[] question) throws IOException {
            StringBuilder name = new StringBuilder();
            int at = HEADER;
            while (question[at] != 0) {
                name.append(name.isEmpty() ? "" : ".")
                        .append(
                                new String(
                                        question, at + 1, question[at], StandardCharsets.US_ASCII));
                at += question[at] + 1;
            }
            List<String> found = records.getOrDefault(name.toString(), List.of());
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(bytes);
            out.write(question, 0, 2);
            out.writeShort(0x8400 | (found.isEmpty() ? NO_SUCH_NAME : 0));
            out.writeShort(1);
            out.writeShort(found.size());
            out.writeInt(0);
            out.write(question, HEADER, at + 5 - HEADER);
            for (String record : found) {
                String[] words = record.split(" ", 4);
                ByteArrayOutputStream target = new ByteArrayOutputStream();
                for (String label : words[3].split("\\.", -1)) {
                    target.write(label.length());
                    target.writeBytes(label.getBytes(StandardCharsets.US_ASCII));
                }
                target.write(0);
                out.writeShort(0xC000 | HEADER);
                out.writeShort(SRV);
                out.writeShort(1);
                out.writeInt(60);
                out.writeShort(6 + target.size());
                for (int i = 0; i < 3; i++) {
                    out.writeShort(Integer.parseInt(words[i]));
                }
                target.writeTo(out);
            }
            return bytes.toByteArray();
        }

        @Override
        public void close() {
            socket.close();
        }
    }
}
