package dev.holdfast.ctl;

import dev.holdfast.ctl.ClusterStore.StoredConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code edit-config}. */
@Command(
        name = "edit-config",
        description =
                "Change the dynamic configuration: by the options given, or in $EDITOR without any.")
final class EditConfigCommand implements Runnable {
    private final Options options;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs anything.
    private CommandSpec spec;

    @Mixin private final OneCluster cluster = new OneCluster();

    @Option(
            names = {"-s", "--set"},
            paramLabel = "PATH=VALUE",
            description = "Set the key at PATH (levels joined by dots); null removes it.")
    private List<String> settings = new ArrayList<>();

    @Option(
            names = {"-p", "--pg"},
            paramLabel = "NAME=VALUE",
            description = "Set a parameter of PostgreSQL; null removes it.")
    private List<String> parameters = new ArrayList<>();

    @Option(
            names = "--apply",
            paramLabel = "FILE",
            description = "Change what FILE (YAML, - for the standard input) names; null removes.")
    private Optional<String> apply = Optional.empty();

    @Option(
            names = "--replace",
            paramLabel = "FILE",
            description = "Put FILE (YAML, - for the standard input) in place of all.")
    private Optional<String> replace = Optional.empty();

    @Option(
            names = {"-q", "--quiet"},
            description = "Do not show what changes.")
    private boolean quiet;

    @Option(names = "--force", description = "Do not ask.")
    private boolean force;

    EditConfigCommand(Options options) {
        this.options = options;
    }

    @Override
    public void run() {
        boolean single = !settings.isEmpty() || !parameters.isEmpty();
        if (replace.isPresent() && (apply.isPresent() || single)) {
            throw new ParameterException(
                    spec.commandLine(), "--replace cannot go with --apply, -s or -p");
        }
        Session session = options.session();
        try (ClusterStore store = session.open(cluster.scope(session))) {
            StoredConfig current = store.config();
            Map<String, Object> changed = changed(session, current.tree());
            String difference =
                    UnifiedDiff.of(
                            ConfigPatch.sortedYaml(current.tree()),
                            ConfigPatch.sortedYaml(changed));
            if (difference.isEmpty()) {
                session.terminal().line("Not changed");
                return;
            }
            if (!quiet) {
                session.terminal().print(difference + "\n");
            }
            ConfigWriter writer = new ConfigWriter(session, store);
            writer.check(changed);
            if (!force) {
                session.terminal().confirm("Apply these changes?");
            }
            writer.apply(store.view(), ConfigPatch.between(current.tree(), changed));
            session.terminal().line("Configuration changed");
        }
    }

    private Map<String, Object> changed(Session session, Map<String, Object> current) {
        Map<String, Object> tree = current;
        if (replace.isPresent()) {
            return ConfigPatch.ofYaml(source(replace.get()), text(session, replace.get()))
                    .applied(Map.of());
        }
        if (apply.isPresent()) {
            tree =
                    ConfigPatch.ofYaml(source(apply.get()), text(session, apply.get()))
                            .applied(tree);
        }
        if (!settings.isEmpty() || !parameters.isEmpty()) {
            return ConfigPatch.ofSettings(settings, parameters).applied(tree);
        }
        if (apply.isPresent()) {
            return tree;
        }
        if (!session.terminal().isAttended()) {
            throw new CtlException(
                    "there is no terminal for an editor: give the change by -s, -p, --apply or --replace.");
        }
        Optional<String> editor =
                Optional.ofNullable(session.surroundings().environment().get("EDITOR"));
        String edited = Editor.edit(editor, ConfigPatch.sortedYaml(current));
        return ConfigPatch.ofYaml("what you edited", edited).applied(Map.of());
    }

    private static String source(String file) {
        return file.equals("-") ? "the standard input" : file;
    }

    private static String text(Session session, String file) {
        if (file.equals("-")) {
            return session.terminal().readAll();
        }
        try {
            return Files.readString(Path.of(file));
        } catch (IOException e) {
            throw new CtlException(
                    "the file " + file + " cannot be read (" + e.getClass().getSimpleName() + ").",
                    e);
        }
    }
}
