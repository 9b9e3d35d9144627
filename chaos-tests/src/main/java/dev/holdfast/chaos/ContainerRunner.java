package dev.holdfast.chaos;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.command.InspectExecResponse;
import com.github.dockerjava.api.model.Frame;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.testcontainers.containers.Container;
import org.testcontainers.containers.ExecConfig;
import org.testcontainers.containers.GenericContainer;

/** Starts programs in a container, as {@code docker exec} does. */
record ContainerRunner(GenericContainer<?> container, Account account) implements Runner {
    /** Does what the rest of the line says, with its output in a file. */
    private static final List<String> WITH_LOG =
            List.of("sh", "-c", "log=$1; shift; exec \"$@\" </dev/null >>\"$log\" 2>&1", "sh");

    @Override
    public Child start(Path log, List<String> command) {
        List<String> all = new ArrayList<>(WITH_LOG);
        all.add(log.toString());
        all.addAll(account.prefix());
        all.addAll(command);
        DockerClient docker = container.getDockerClient();
        String id =
                docker.execCreateCmd(container.getContainerId())
                        .withUser("root")
                        .withCmd(all.toArray(String[]::new))
                        .exec()
                        .getId();
        try (ResultCallback.Adapter<Frame> started = new ResultCallback.Adapter<>()) {
            docker.execStartCmd(id).withDetach(true).exec(started).awaitCompletion();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while starting " + command, e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Executed.of(docker, id, command.getFirst());
    }

    @Override
    public Finished run(List<String> command) {
        List<String> all = new ArrayList<>(account.prefix());
        all.addAll(command);
        try {
            Container.ExecResult result =
                    container.execInContainer(
                            ExecConfig.builder()
                                    .user("root")
                                    .command(all.toArray(String[]::new))
                                    .build());
            return new Finished(result.getExitCode(), result.getStdout(), result.getStderr());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while running " + command, e);
        }
    }

    @Override
    public void own(Path path) {
        account.own(path);
    }

    /** What was started there. */
    private record Executed(DockerClient docker, String id, String name, long pid)
            implements Child {

        static Executed of(DockerClient docker, String id, String name) {
            Long pid = docker.inspectExecCmd(id).exec().getPidLong();
            if (pid == null) {
                throw new IllegalStateException(
                        "Docker does not say which process " + name + " is");
            }
            return new Executed(docker, id, name, pid);
        }

        @Override
        public boolean isAlive() {
            return ProcFs.isAlive(pid);
        }

        @Override
        public int awaitExit(Duration atMost) {
            Await.within(
                    atMost,
                    name + " (pid " + pid + ") has ended",
                    () -> !docker.inspectExecCmd(id).exec().isRunning());
            InspectExecResponse ended = docker.inspectExecCmd(id).exec();
            return Math.toIntExact(ended.getExitCodeLong());
        }
    }
}
