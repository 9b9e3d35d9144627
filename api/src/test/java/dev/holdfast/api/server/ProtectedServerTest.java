package dev.holdfast.api.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.api.MemberService.Reply;
import dev.holdfast.api.client.MemberClient;
import dev.holdfast.api.client.UnusableAnswerException;
import dev.holdfast.core.config.AgentConfig.Allowlist;
import dev.holdfast.core.config.AgentConfig.ClientTls;
import dev.holdfast.core.config.AgentConfig.ClientTls.Verification;
import dev.holdfast.core.config.AgentConfig.Credentials;
import dev.holdfast.core.config.AgentConfig.Ctl;
import dev.holdfast.core.config.AgentConfig.HostPort;
import dev.holdfast.core.config.AgentConfig.Identity;
import dev.holdfast.core.config.AgentConfig.RestApi;
import dev.holdfast.core.config.AgentConfig.ServerTls;
import dev.holdfast.core.config.AgentConfig.ServerTls.ClientCertificates;
import dev.holdfast.tls.Certificates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who is not who they should be neither sees nor changes what they should not. */
class ProtectedServerTest {
    private static final String RESTART = "/restart";

    @TempDir Path directory;

    private Certificates certificates;
    private Identity server;
    private Identity client;
    private Identity stranger;
    private final FakeMember member = new FakeMember(Members.primary().status());
    private final List<AutoCloseable> open = new ArrayList<>();

    @BeforeEach
    void issue() {
        certificates = Certificates.in(directory, "authority");
        server = certificates.issue("server");
        client = certificates.issue("client");
        stranger = Certificates.in(directory, "another").issue("stranger");
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open.reversed()) {
            each.close();
        }
    }

    private static RestApi config(
            Optional<ServerTls> tls,
            Optional<Credentials> authentication,
            Allowlist allowlist,
            SortedMap<String, String> headers) {
        HostPort address = new HostPort("127.0.0.1", 0);
        return new RestApi(address, address, authentication, tls, allowlist, headers, 64);
    }

    private RestApi over(ClientCertificates mode) {
        return config(
                Optional.of(
                        new ServerTls(
                                server, Optional.of(certificates.authority()), List.of(), mode)),
                Optional.of(new Credentials("admin", "secret")),
                Allowlist.everybody(),
                new TreeMap<>());
    }

    private RunningServer serving(RestApi config) {
        RunningServer running = new RunningServer(member, Limits.defaults(), config);
        open.add(running);
        return running;
    }

    private MemberClient asking(Optional<Identity> identity) {
        return asking(identity, Optional.of(certificates.authority()), Verification.VERIFIED);
    }

    private MemberClient asking(
            Optional<Identity> identity, Optional<String> cacert, Verification verification) {
        MemberClient made =
                MemberClient.standalone(
                        new Ctl(
                                Optional.of(new Credentials("admin", "secret")),
                                new ClientTls(cacert, identity, verification)));
        open.add(made);
        return made;
    }

    private static String url(RunningServer running) {
        return "https://127.0.0.1:" + running.server().port() + "/patroni";
    }

    private static Reply get(MemberClient from, RunningServer running) {
        return reply(from.get(url(running), "/primary", RunningServer.PATIENCE));
    }

    private static Reply post(MemberClient from, RunningServer running) {
        return reply(from.post(url(running), RESTART, "{}", RunningServer.PATIENCE));
    }

    private static Reply reply(CompletionStage<Reply> stage) {
        try {
            return stage.toCompletableFuture().join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof UnusableAnswerException unusable) {
                return new Reply(0, String.valueOf(unusable.getMessage()));
            }
            throw e;
        }
    }

    /** What a check and a command are answered; 0 for no answer at all. */
    @ParameterizedTest
    @CsvSource({
        "NONE,     nobody,   200, 200",
        "NONE,     client,   200, 200",
        "OPTIONAL, nobody,   200, 403",
        "OPTIONAL, client,   200, 200",
        "OPTIONAL, stranger, 200, 403",
        "REQUIRED, nobody,   0,   0",
        "REQUIRED, client,   200, 200",
        "REQUIRED, stranger, 0,   0",
    })
    void aClientShowsWhatVerifyClientAsksFor(
            ClientCertificates mode, String who, int check, int command) {
        RunningServer running = serving(over(mode));
        MemberClient asking =
                asking(
                        switch (who) {
                            case "client" -> Optional.of(client);
                            case "stranger" -> Optional.of(stranger);
                            case String _ -> Optional.empty();
                        });

        assertThat(get(asking, running).status()).isEqualTo(check);
        Reply answer = post(asking, running);
        assertThat(answer.status()).isEqualTo(command);
        if (command == 403) {
            assertThat(answer.body()).isEqualTo("client certificate required");
        }
        assertThat(member.asked()).hasSize(command == 200 ? 1 : 0);
    }

    @Test
    void aServerMustShowACertificateOfTheAuthorityThatTheClientKnows() {
        RunningServer running = serving(over(ClientCertificates.NONE));
        String another = directory.resolve("another.crt").toString();

        assertThat(get(asking(Optional.empty()), running).status()).isEqualTo(200);
        assertThat(
                        get(
                                        asking(
                                                Optional.empty(),
                                                Optional.of(another),
                                                Verification.VERIFIED),
                                        running)
                                .status())
                .isZero();
        assertThat(
                        get(
                                        asking(
                                                Optional.empty(),
                                                Optional.empty(),
                                                Verification.VERIFIED),
                                        running)
                                .status())
                .isZero();
        assertThat(
                        get(
                                        asking(
                                                Optional.empty(),
                                                Optional.empty(),
                                                Verification.UNVERIFIED),
                                        running)
                                .status())
                .isEqualTo(200);
    }

    @Test
    void aRenewedCertificateIsTakenUpOnReloadAndABrokenOneIsNot() throws IOException {
        RestApi config = over(ClientCertificates.NONE);
        RunningServer running = serving(config);
        MemberClient old = asking(Optional.empty());
        MemberClient next =
                asking(
                        Optional.empty(),
                        Optional.of(directory.resolve("another.crt").toString()),
                        Verification.VERIFIED);
        assertThat(get(old, running).status()).isEqualTo(200);
        int port = running.server().port();

        replace(stranger, server);
        assertThat(running.server().reload(config)).isEmpty();

        await().untilAsserted(() -> assertThat(get(next, running).status()).isEqualTo(200));
        assertThat(running.server().port()).isEqualTo(port);
        assertThat(get(old, running).status()).isZero();

        Files.writeString(Path.of(server.keyfile()), "nonsense");
        assertThat(running.server().reload(config))
                .containsExactly(
                        "restapi stays as it was: "
                                + server.keyfile()
                                + " holds no private key in PEM");
        assertThat(get(next, running).status()).isEqualTo(200);
    }

    private static void replace(Identity from, Identity to) throws IOException {
        Files.copy(
                Path.of(from.certfile()),
                Path.of(to.certfile()),
                StandardCopyOption.REPLACE_EXISTING);
        Files.copy(
                Path.of(from.keyfile()),
                Path.of(to.keyfile()),
                StandardCopyOption.REPLACE_EXISTING);
    }

    @Test
    void aClientShowsItsRenewedCertificateAfterAReload() throws IOException {
        RunningServer running = serving(over(ClientCertificates.REQUIRED));
        Identity shown = certificates.issue("shown");
        replace(stranger, shown);
        MemberClient asking = asking(Optional.of(shown));
        assertThat(get(asking, running).status()).isZero();

        replace(client, shown);
        asking.reload(
                new Ctl(
                        Optional.empty(),
                        new ClientTls(
                                Optional.of(certificates.authority()),
                                Optional.of(shown),
                                Verification.VERIFIED)));

        await().untilAsserted(() -> assertThat(get(asking, running).status()).isEqualTo(200));
        assertThat(post(asking, running).status()).isEqualTo(401);
    }

    @Test
    void whoMayCommandChangesOnReload() {
        RunningServer running = serving(over(ClientCertificates.NONE));
        MemberClient asking = asking(Optional.empty());
        assertThat(post(asking, running).status()).isEqualTo(200);

        RestApi plain =
                config(Optional.empty(), Optional.empty(), Allowlist.everybody(), new TreeMap<>());
        assertThat(running.server().reload(plain))
                .containsExactly(
                        "restapi stays as it was: between http and https it changes at the next start of the agent");
        RestApi before = over(ClientCertificates.NONE);
        RestApi after =
                config(
                        before.tls(),
                        Optional.of(new Credentials("admin", "changed")),
                        Allowlist.everybody(),
                        new TreeMap<>());
        assertThat(running.server().reload(after)).isEmpty();
        assertThat(post(asking, running).status()).isEqualTo(401);
    }

    @Test
    void certificatesThatCannotBeReadAreSaidInOneSentence() throws IOException {
        Files.delete(Path.of(server.certfile()));
        assertThatThrownBy(() -> serving(over(ClientCertificates.NONE)))
                .hasMessageContaining(
                        "the REST server cannot speak TLS (restapi.certfile): there is no file "
                                + server.certfile());
    }

    /** The members' own addresses are 10.0.0.1 and the like, see {@code Clusters}. */
    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8,          false, 403",
        "127.0.0.0/8,         false, 200",
        "127.0.0.1,           false, 200",
        "::1/128,             false, 403",
        "localhost,           false, 200",
        "no-such-host.invalid,false, 403",
        "10.1.1.1,            true,  403",
    })
    void commandsAreTakenFromAllowedAddressesOnly(String host, boolean members, int status) {
        RunningServer running =
                serving(
                        config(
                                Optional.empty(),
                                Optional.empty(),
                                new Allowlist(List.of(host), members),
                                new TreeMap<>()));

        assertThat(running.get("/primary").statusCode()).isEqualTo(200);
        var answer = running.send("POST", RESTART, "{}");
        assertThat(answer.statusCode()).isEqualTo(status);
        if (status == 403) {
            assertThat(answer.body()).isEqualTo("Access is denied");
            assertThat(member.asked()).isEmpty();
        }
    }

    @Test
    void everyAnswerCarriesTheConfiguredHeaders() {
        SortedMap<String, String> headers = new TreeMap<>();
        headers.put("X-Frame-Options", "SAMEORIGIN");
        RunningServer running =
                serving(config(Optional.empty(), Optional.empty(), Allowlist.everybody(), headers));
        for (String path : List.of("/primary", "/nowhere", "/metrics")) {
            assertThat(running.get(path).headers().firstValue("x-frame-options"))
                    .contains("SAMEORIGIN");
        }
        assertThat(running.send("POST", RESTART, "[").headers().firstValue("x-frame-options"))
                .contains("SAMEORIGIN");
    }
}
