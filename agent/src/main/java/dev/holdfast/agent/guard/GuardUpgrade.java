package dev.holdfast.agent.guard;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a guard that runs to the program that this agent was shipped with. PostgreSQL goes on: the
 * guard stays the same process.
 */
final class GuardUpgrade {
    private static final Logger LOG = LoggerFactory.getLogger(GuardUpgrade.class);
    private static final long PATIENCE_SECONDS = 5;

    /** What came of it. */
    enum Outcome {
        /** The guard runs this program, or could not be made to, which was logged. */
        AS_IT_IS,
        /** It becomes the other program: connect again. */
        UNDER_WAY
    }

    private final Path program;

    /** One attempt for each agent: a guard that refuses would refuse again. */
    private boolean tried;

    GuardUpgrade(Path program) {
        this.program = program;
    }

    Outcome bring(GuardClient guard) throws InterruptedException {
        if (tried || isCurrent(guard)) {
            return Outcome.AS_IT_IS;
        }
        tried = true;
        if (!runsHere()) {
            return Outcome.AS_IT_IS;
        }
        try {
            guard.upgrade(program.toAbsolutePath()).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            return Outcome.AS_IT_IS;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof GuardRefusedException refused) {
                LOG.warn("the guard goes on as it was: {}", refused.getMessage());
                return Outcome.AS_IT_IS;
            }
            LOG.info("the guard (pid {}) now runs {}", guard.guardPid(), program);
            return Outcome.UNDER_WAY;
        } catch (TimeoutException e) {
            LOG.warn(
                    "the guard did not say within {} s what came of its upgrade", PATIENCE_SECONDS);
            return Outcome.AS_IT_IS;
        }
    }

    /**
     * The file that it runs may have been removed or replaced; the kernel still shows its bytes.
     */
    private boolean isCurrent(GuardClient guard) {
        try {
            return Files.mismatch(Path.of("/proc/" + guard.guardPid() + "/exe"), program) < 0;
        } catch (IOException e) {
            LOG.warn(
                    "whether the guard (pid {}) runs {} cannot be seen, so it is not upgraded: {}",
                    guard.guardPid(),
                    program,
                    e.toString());
            return true;
        }
    }

    /**
     * A program that does not run here would end the guard. To have run it also spares the guard
     * the wait for a disk.
     */
    private boolean runsHere() {
        try {
            Process process =
                    new ProcessBuilder(program.toString(), "--version")
                            .redirectErrorStream(true)
                            .start();
            process.getOutputStream().close();
            CompletableFuture<Process> end = process.onExit();
            end.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            String said =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                            .strip();
            if (process.exitValue() == 0 && said.startsWith("holdfast-guard ")) {
                return true;
            }
            LOG.warn("the guard is not upgraded: {} --version says \"{}\"", program, said);
        } catch (IOException | ExecutionException | TimeoutException e) {
            LOG.warn("the guard is not upgraded: {} does not run: {}", program, e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return false;
    }
}
