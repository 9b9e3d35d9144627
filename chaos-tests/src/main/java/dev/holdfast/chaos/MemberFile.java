package dev.holdfast.chaos;

import java.nio.file.Path;

/**
 * The YAML file of one member, as an operator would write it.
 *
 * @param address of its host
 * @param connectPort what others are told to connect to
 */
record MemberFile(
        String name,
        String address,
        Path postgresPrograms,
        Path dataDirectory,
        Path socketDirectory,
        int postgresPort,
        int connectPort,
        int restPort,
        String etcdAddresses) {
    static final String SCOPE = "demo";

    String yaml(ClusterPlan plan) {
        return """
        scope: %s
        name: %s
        restapi:
          listen: %s:%d
          connect_address: %s:%d
        etcd3:
          hosts: %s
        bootstrap:
          dcs:
            ttl: %d
            loop_wait: 10
            retry_timeout: 10
            maximum_lag_on_failover: 1048576
            %s
            postgresql:
              use_pg_rewind: true
              parameters:
                max_connections: 60
          initdb:
            - encoding: UTF8
            - data-checksums
        postgresql:
          listen: %s:%d
          connect_address: %s:%d
          data_dir: %s
          bin_dir: %s
          authentication:
            superuser:
              username: %s
              password: %s
            replication:
              username: replicator
              password: rep-secret
            rewind:
              username: rewinder
              password: rewind-secret
          parameters:
            shared_buffers: 16MB
            unix_socket_directories: %s
        """
                .formatted(
                        SCOPE,
                        name,
                        address,
                        restPort,
                        address,
                        restPort,
                        etcdAddresses,
                        plan.ttlSeconds(),
                        plan.sync().yaml(),
                        address,
                        postgresPort,
                        address,
                        connectPort,
                        dataDirectory,
                        postgresPrograms,
                        Sql.USER,
                        Sql.PASSWORD,
                        socketDirectory);
    }
}
