package dev.holdfast.agent.postgres;

import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.core.config.Scripts;
import dev.holdfast.core.postgres.DataDirectory;
import dev.holdfast.core.postgres.Upstream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Fills the data directory by a program of the operator, called as Patroni calls it. */
final class OperatorData {
    private final String scope;
    private final AgentConfig.Postgres config;
    private final OperatorPrograms programs;
    private final PostgresFiles files;
    private final UnfinishedWork unfinished;
    private final DataDirectories directories;
    private final InitialData initial;

    OperatorData(
            String scope,
            AgentConfig.Postgres config,
            OperatorPrograms programs,
            PostgresFiles files,
            UnfinishedWork unfinished,
            DataDirectories directories,
            InitialData initial) {
        this.scope = scope;
        this.config = config;
        this.programs = programs;
        this.files = files;
        this.unfinished = unfinished;
        this.directories = directories;
        this.initial = initial;
    }

    /** See {@link Postgres#makeBy}. */
    void makeBy(Scripts.NewCluster method, Consumer<String> progress) {
        List<String> command = new ArrayList<>(method.command());
        if (method.parameters() == Scripts.Parameters.PASSED) {
            command.add("--scope=" + scope);
            command.add("--datadir=" + dataDir());
        }
        command.addAll(method.own());
        initial.fill(
                method.name(),
                () -> run("bootstrap." + method.name(), method.name(), command, progress));
        checkDirectory(method.name());
        unfinished.newCluster();
    }

    /** See {@link Postgres#copyBy}. */
    void copyBy(
            Scripts.ReplicaMethod.Command method,
            Optional<Upstream> source,
            Consumer<String> progress) {
        List<String> command = new ArrayList<>(method.command());
        if (method.parameters() == Scripts.Parameters.PASSED) {
            command.add("--scope=" + scope);
            command.add("--role=replica");
            command.add("--datadir=" + dataDir());
            command.add(
                    "--connstring="
                            + source.map(s ->
                                            files.conninfo(
                                                            s,
                                                            config.replication(),
                                                            "holdfast_" + method.name())
                                                    + " dbname=postgres")
                                    .orElse(""));
            command.addAll(method.own());
        }
        InitialData.Filling filling =
                () -> run("postgresql." + method.name(), method.name(), command, progress);
        switch (method.data()) {
            case REPLACED -> initial.fill(method.name(), filling);
            case KEPT -> initial.fillKeeping(method.name(), filling);
        }
        checkDirectory(method.name());
    }

    private void checkDirectory(String method) {
        switch (directories.inspect()) {
            case DataDirectory.Valid _ -> {}
            case DataDirectory.Missing _ ->
                    throw new PostgresException(
                            "the method "
                                    + method
                                    + " ended well and left nothing in "
                                    + dataDir());
            case DataDirectory.Broken(String why) ->
                    throw new PostgresException(
                            "the method "
                                    + method
                                    + " ended well and left no data directory: "
                                    + why);
        }
    }

    private Path dataDir() {
        return Path.of(config.dataDir()).toAbsolutePath();
    }

    private void run(String key, String what, List<String> command, Consumer<String> progress)
            throws IOException {
        files.writePasswords();
        programs.run(
                key,
                command,
                Optional.empty(),
                Map.of("PGPASSFILE", files.passwordFile().toString()),
                process -> unfinished.changing(what, process),
                progress);
    }
}
