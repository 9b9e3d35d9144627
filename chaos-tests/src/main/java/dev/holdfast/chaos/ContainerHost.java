package dev.holdfast.chaos;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.testcontainers.containers.GenericContainer;

/**
 * One of the {@link Containers}.
 *
 * @param pid of its first process
 */
record ContainerHost(
        String name, String address, GenericContainer<?> container, long pid, Account cluster)
        implements Host {

    static ContainerHost of(
            String name, String address, GenericContainer<?> container, Account account) {
        Long pid = container.getCurrentContainerInfo().getState().getPidLong();
        if (pid == null) {
            throw new IllegalStateException("Docker does not say which process is that of " + name);
        }
        return new ContainerHost(name, address, container, pid, account);
    }

    @Override
    public Runner account() {
        return new ContainerRunner(container, cluster.withNetwork());
    }

    @Override
    public Runner root() {
        return new ContainerRunner(container, Account.unchanged());
    }

    @Override
    public Optional<MemoryGroup> memory() {
        return MemoryGroup.of(pid);
    }

    /** The image has them where its PATH leads. */
    @Override
    public String program(String name) {
        return name;
    }

    /** Those of the image. */
    @Override
    public Path postgresPrograms() {
        return Path.of("/usr/lib/postgresql/15/bin");
    }

    @Override
    public Visit enter() {
        return NetNamespace.enter(Path.of("/proc/" + pid + "/ns/net"));
    }

    /** From now on these rules of nftables hold in its network namespace. */
    void load(String rules) {
        Commands.loadRules(List.of("nsenter", "--target=" + pid, "--net"), rules);
    }

    void remove() {
        container.stop();
    }
}
