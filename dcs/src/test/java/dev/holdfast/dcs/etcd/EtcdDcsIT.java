package dev.holdfast.dcs.etcd;

import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.dcs.Dcs;
import dev.holdfast.dcs.DcsContract;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.TestInstance;

/** The contract on a real etcd. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EtcdDcsIT extends DcsContract {
    private final EtcdProcess etcd = EtcdProcess.start();
    private Dcs dcs = connect();

    @Override
    protected Dcs dcs() {
        return dcs;
    }

    @Override
    protected void compact(long revision) {
        etcd.ctl("compaction", Long.toString(revision));
    }

    @Override
    protected void pass(Duration span) {
        // It passes by itself.
    }

    @AfterEach
    void nextPrefix() {
        dcs.close();
        dcs = connect();
    }

    @AfterAll
    void stop() {
        dcs.close();
        etcd.close();
    }

    private Dcs connect() {
        return EtcdDcs.connect(
                AgentConfig.Etcd.plain(List.of(etcd.endpoint()), Optional.empty()),
                "/service/" + UUID.randomUUID() + "/",
                new EtcdDcs.Options(Duration.ofSeconds(5), Duration.ofSeconds(5)));
    }
}
