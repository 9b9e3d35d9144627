package dev.holdfast.core.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Lays environment variables into the tree of a file: {@code HOLDFAST_<suffix>} wins over {@code
 * PATRONI_<suffix>}, and both over the file. The suffix is the value's path in capitals, with
 * underscores, and without the word {@code authentication}. An empty variable counts as absent.
 */
final class Environment {
    /** The later wins. */
    private static final List<String> PREFIXES = List.of("PATRONI_", "HOLDFAST_");

    private static final List<String> PATHS =
            List.of(
                    "name",
                    "scope",
                    "namespace",
                    "log.level",
                    "log.type",
                    "log.dir",
                    "log.traceback_level",
                    "log.format",
                    "log.dateformat",
                    "log.static_fields",
                    "log.max_queue_size",
                    "log.mode",
                    "log.file_num",
                    "log.file_size",
                    "log.loggers",
                    "log.deduplicate_heartbeat_logs",
                    "guard.dir",
                    "guard.cgroup",
                    "restapi.listen",
                    "restapi.connect_address",
                    "restapi.authentication.username",
                    "restapi.authentication.password",
                    "restapi.certfile",
                    "restapi.keyfile",
                    "restapi.keyfile_password",
                    "restapi.cafile",
                    "restapi.ciphers",
                    "restapi.verify_client",
                    "restapi.allowlist",
                    "restapi.allowlist_include_members",
                    "restapi.request_queue_size",
                    "restapi.server_tokens",
                    "restapi.http_extra_headers",
                    "restapi.https_extra_headers",
                    "ctl.authentication.username",
                    "ctl.authentication.password",
                    "ctl.insecure",
                    "ctl.cacert",
                    "ctl.certfile",
                    "ctl.keyfile",
                    "ctl.keyfile_password",
                    "postgresql.listen",
                    "postgresql.connect_address",
                    "postgresql.proxy_address",
                    "postgresql.data_dir",
                    "postgresql.config_dir",
                    "postgresql.bin_dir",
                    "postgresql.pgpass",
                    "postgresql.bin_name.pg_ctl",
                    "postgresql.bin_name.initdb",
                    "postgresql.bin_name.pg_controldata",
                    "postgresql.bin_name.pg_basebackup",
                    "postgresql.bin_name.postgres",
                    "postgresql.bin_name.pg_isready",
                    "postgresql.bin_name.pg_rewind");

    private static final List<String> ROLES = List.of("superuser", "replication", "rewind");

    private static final List<String> ROLE_SETTINGS =
            List.of(
                    "username",
                    "password",
                    "sslmode",
                    "sslkey",
                    "sslpassword",
                    "sslcert",
                    "sslrootcert",
                    "sslcrl",
                    "sslcrldir",
                    "gssencmode",
                    "channel_binding",
                    "sslnegotiation");

    /**
     * Where etcd is: whoever gives one of these has said it all, and replaces what a lesser place
     * said.
     */
    private static final List<String> ETCD_ADDRESSES =
            List.of("host", "hosts", "url", "srv", "srv_suffix", "proxy");

    private static final List<String> ETCD_SETTINGS =
            List.of(
                    "protocol",
                    "use_proxies",
                    "username",
                    "password",
                    "cacert",
                    "cert",
                    "key",
                    "key_password");

    /** The same servers under two names; the later wins. */
    private static final List<String> ETCD_SECTIONS = List.of("etcd", "etcd3");

    /** Variables that the launchers read, not the agent. */
    private static final List<String> OF_LAUNCHERS =
            List.of("HOLDFAST_JAVA_HOME", "HOLDFAST_JAVA_OPTS", "HOLDFAST_GUARD");

    private final Map<String, Object> tree;
    private final SortedMap<String, String> unread = new TreeMap<>();
    private final SortedMap<String, String> origins = new TreeMap<>();

    private Environment(Map<String, Object> file, Map<String, String> environment) {
        this.tree = new LinkedHashMap<>(file);
        environment.forEach((name, value) -> {
            if (isSetting(name, value)) {
                unread.put(name, value);
            }
        });
    }

    private static boolean isSetting(String name, String value) {
        return PREFIXES.stream().anyMatch(name::startsWith)
                && !OF_LAUNCHERS.contains(name)
                && !value.isBlank();
    }

    static boolean saysAnything(Map<String, String> environment) {
        return environment.entrySet().stream()
                .anyMatch(each -> isSetting(each.getKey(), each.getValue()));
    }

    /**
     * The file's tree with the variables laid in; variables that do nothing are its first problems.
     */
    static ConfigTree overlay(Map<String, Object> file, Map<String, String> environment) {
        Environment overlay = new Environment(file, environment);
        String etcd = overlay.etcdSection();
        for (String prefix : PREFIXES) {
            overlay.layEtcd(prefix, etcd);
            for (String path : plainPaths()) {
                overlay.lay(prefix + suffixOf(path), path);
            }
        }
        ConfigTree root = ConfigTree.overlaid(overlay.tree, overlay.origins);
        for (String name : overlay.unread.keySet()) {
            root.warning(
                    "the variable " + name,
                    "a setting",
                    name.endsWith("_CONFIGURATION")
                            ? "is ignored, because a file is named"
                            : "is not supported and is ignored");
        }
        return root;
    }

    private static List<String> plainPaths() {
        List<String> paths = new ArrayList<>(PATHS);
        for (String role : ROLES) {
            ROLE_SETTINGS.forEach(
                    setting -> paths.add("postgresql.authentication." + role + "." + setting));
        }
        return paths;
    }

    private static String suffixOf(String path) {
        return path.replace("postgresql.authentication.", "")
                .replace(".authentication", "")
                .replace("bin_name.", "bin_")
                .replace('.', '_')
                .toUpperCase(Locale.ROOT);
    }

    /** The section that the file has; where it has none, the one that the variables name. */
    private String etcdSection() {
        for (String section : ETCD_SECTIONS.reversed()) {
            if (tree.get(section) != null) {
                return section;
            }
        }
        return unread.keySet().stream().anyMatch(name -> name.contains("_ETCD3_"))
                ? "etcd3"
                : "etcd";
    }

    private void layEtcd(String prefix, String section) {
        boolean givesAddress =
                ETCD_SECTIONS.stream()
                        .flatMap(named ->
                                ETCD_ADDRESSES.stream().map(setting -> named + "." + setting))
                        .anyMatch(path -> unread.containsKey(prefix + suffixOf(path)));
        if (givesAddress && tree.get(section) instanceof Map<?, ?> map) {
            Map<String, Object> copy = copyOf(map);
            copy.keySet().removeAll(ETCD_ADDRESSES);
            tree.put(section, copy);
        }
        List<String> settings = new ArrayList<>(ETCD_ADDRESSES);
        settings.addAll(ETCD_SETTINGS);
        for (String named : ETCD_SECTIONS) {
            settings.forEach(setting ->
                    lay(prefix + suffixOf(named + "." + setting), section + "." + setting));
        }
    }

    private void lay(String variable, String path) {
        String value = unread.remove(variable);
        if (value != null) {
            put(tree, path, value);
            origins.put(path, variable);
        }
    }

    /** Sets a value at a path, copying the maps on the way: the caller's tree stays as it was. */
    private static void put(Map<String, Object> map, String path, String value) {
        int dot = path.indexOf('.');
        if (dot < 0) {
            map.put(path, value);
            return;
        }
        String key = path.substring(0, dot);
        Object below = map.get(key);
        if (below != null && !(below instanceof Map<?, ?>)) {
            return; // The file has something else where a map belongs; reading it says so.
        }
        Map<String, Object> copy =
                below instanceof Map<?, ?> existing ? copyOf(existing) : new LinkedHashMap<>();
        map.put(key, copy);
        put(copy, path.substring(dot + 1), value);
    }

    private static Map<String, Object> copyOf(Map<?, ?> map) {
        Map<String, Object> copy = new LinkedHashMap<>();
        map.forEach((key, value) -> copy.put(String.valueOf(key), value));
        return copy;
    }
}
