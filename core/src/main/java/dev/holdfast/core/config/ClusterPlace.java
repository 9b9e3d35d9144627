package dev.holdfast.core.config;

import java.util.Optional;

/** Reads where in etcd a cluster is: {@code namespace} and {@code scope}. */
final class ClusterPlace {
    private static final String SCOPE = "the cluster's name, without slash or control character";

    private ClusterPlace() {}

    static String requiredScope(ConfigTree root) {
        return root.requiredText("scope", SCOPE).isEmpty() ? "" : scope(root).orElse("");
    }

    static Optional<String> scope(ConfigTree root) {
        if (root.text("scope").isEmpty()) {
            return Optional.empty();
        }
        return root.read(
                "scope",
                SCOPE,
                value ->
                        Scalars.text(value)
                                .map(String::strip)
                                .filter(scope -> scope.chars().noneMatch(c -> c < 32 || c == '/')));
    }

    /** With a slash at both ends, however it is written. */
    static String namespace(ConfigTree root) {
        if (root.text("namespace").isEmpty()) {
            return "/service/";
        }
        return root.read(
                        "namespace",
                        "a path in etcd, such as /service/",
                        value ->
                                Scalars.text(value)
                                        .map(text -> text.strip().replaceAll("^/+|/+$", ""))
                                        .filter(path -> path.chars().noneMatch(c -> c <= 32)))
                .map(path -> path.isEmpty() ? "/" : "/" + path + "/")
                .orElse("/service/");
    }
}
