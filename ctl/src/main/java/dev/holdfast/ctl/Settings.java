package dev.holdfast.ctl;

import dev.holdfast.api.client.MemberClient.Trust;
import dev.holdfast.core.config.AgentConfig.Credentials;
import dev.holdfast.core.config.AgentConfig.Etcd;
import java.util.Optional;

/**
 * What a command needs to know to reach a cluster.
 *
 * @param scope the cluster that is meant when none is named
 * @param namespace with a slash at both ends
 * @param rest what the members' REST interfaces ask for
 */
record Settings(
        Optional<String> scope,
        String namespace,
        Etcd etcd,
        Optional<Credentials> rest,
        Trust trust) {}
