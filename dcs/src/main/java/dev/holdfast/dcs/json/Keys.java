package dev.holdfast.dcs.json;

import dev.holdfast.core.MemberName;
import java.util.Optional;

/**
 * Names of the keys, relative to {@code /<namespace>/<scope>/}. All are Patroni's but the last
 * four.
 */
public final class Keys {
    public static final String LEADER = "leader";
    public static final String MEMBERS = "members/";
    public static final String INITIALIZE = "initialize";
    public static final String CONFIG = "config";
    public static final String SYNC = "sync";
    public static final String STATUS = "status";
    public static final String FAILOVER = "failover";
    public static final String HISTORY = "history";
    public static final String FAILSAFE = "failsafe";
    public static final String EPOCH = "epoch";
    public static final String TIMELINE = "timeline";

    /** One for each change of the leader or restart that was asked for lately. */
    public static final String OPERATIONS = "operations/";

    /** What an operator has decided about a member, one for each of whom he has. */
    public static final String SETTINGS = "settings/";

    private Keys() {}

    public static String settings(MemberName member) {
        return SETTINGS + member.value();
    }

    public static String operation(String id) {
        return OPERATIONS + id;
    }

    /** The key of {@code member}. */
    public static String member(MemberName member) {
        return MEMBERS + member.value();
    }

    /** Whose key this is; empty when it is no member's, or the name in it is not one. */
    public static Optional<MemberName> memberOf(String key) {
        return named(key, MEMBERS);
    }

    /** Of which member {@code key} holds the settings; empty likewise. */
    static Optional<MemberName> settingsOf(String key) {
        return named(key, SETTINGS);
    }

    private static Optional<MemberName> named(String key, String group) {
        return Optional.of(key)
                .filter(k -> k.startsWith(group))
                .map(k -> k.substring(group.length()))
                .filter(MemberName::isValid)
                .map(MemberName::new);
    }

    /**
     * What every key of the cluster {@code scope} begins with in the store.
     *
     * @param namespace with or without slashes at its ends
     */
    public static String prefix(String namespace, String scope) {
        String inner = namespace.replaceAll("^/+|/+$", "");
        return inner.isEmpty() ? "/" + scope + "/" : "/" + inner + "/" + scope + "/";
    }
}
