package dev.holdfast.ctl;

import dev.holdfast.api.client.MemberClient;
import dev.holdfast.core.config.AgentConfig.Ctl;
import dev.holdfast.tls.TlsException;
import java.util.Optional;

/**
 * What one command works with: settings, terminal, the cluster's store and the members. What is
 * never used is never opened.
 */
final class Session implements AutoCloseable {
    private final Settings settings;
    private final Surroundings surroundings;
    private Optional<MemberClient> members = Optional.empty();

    Session(Settings settings, Surroundings surroundings) {
        this.settings = settings;
        this.surroundings = surroundings;
    }

    Settings settings() {
        return settings;
    }

    Surroundings surroundings() {
        return surroundings;
    }

    Terminal terminal() {
        return surroundings.terminal();
    }

    /** The name of the cluster that is meant. */
    String scope(Optional<String> named) {
        return named.or(settings::scope)
                .orElseThrow(() ->
                        new CtlException(
                                "no cluster was named, and no configuration file sets scope: give the cluster's name."));
    }

    ClusterStore open(String scope) {
        return new ClusterStore(scope, settings, surroundings.stores());
    }

    MemberClient members() {
        MemberClient client = members.orElseGet(() -> connect(settings.rest()));
        members = Optional.of(client);
        return client;
    }

    private static MemberClient connect(Ctl rest) {
        try {
            return MemberClient.standalone(rest);
        } catch (TlsException e) {
            throw new CtlException("the members cannot be asked over TLS: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        members.ifPresent(MemberClient::close);
    }
}
