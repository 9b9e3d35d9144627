package dev.holdfast.ctl;

import dev.holdfast.core.config.AgentConfig.Ctl;
import dev.holdfast.core.config.AgentConfig.Etcd;
import java.util.Optional;

/**
 * What a command needs to know to reach a cluster.
 *
 * @param scope the cluster that is meant when none is named
 * @param namespace with a slash at both ends
 * @param rest how the members' REST interfaces are asked
 */
record Settings(Optional<String> scope, String namespace, Etcd etcd, Ctl rest) {}
