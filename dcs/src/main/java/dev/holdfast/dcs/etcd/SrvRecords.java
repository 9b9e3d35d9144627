package dev.holdfast.dcs.etcd;

import dev.holdfast.core.config.AgentConfig.Srv;
import dev.holdfast.dcs.DcsException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Hashtable;
import java.util.List;
import javax.naming.Context;
import javax.naming.NameNotFoundException;
import javax.naming.NamingEnumeration;
import javax.naming.NamingException;
import javax.naming.directory.Attribute;
import javax.naming.directory.InitialDirContext;

/** Looks etcd's servers up in the DNS. */
final class SrvRecords {
    /** In the order in which they are asked for; the first that exists is used. */
    private static final List<String> SERVICES =
            List.of("_etcd-client-ssl", "_etcd-client", "_etcd-ssl", "_etcd");

    /** The servers that the host is configured with. */
    private static final String RESOLVER = "dns:";

    private static final String PATIENCE_MILLIS = "1000";
    private static final String TRIES = "2";

    private final String resolver;

    SrvRecords() {
        this(RESOLVER);
    }

    /** Asks a name server of one's own choice, {@code dns://host:port}. */
    SrvRecords(String resolver) {
        this.resolver = resolver;
    }

    private record Server(int priority, String host, int port) {}

    /**
     * URLs of the servers, those of the best priority first.
     *
     * @throws DcsException when there are none
     */
    List<String> endpoints(Srv srv) {
        List<String> asked = new ArrayList<>();
        for (String service : SERVICES) {
            String name =
                    service
                            + srv.suffix().map(suffix -> "-" + suffix).orElse("")
                            + "._tcp."
                            + srv.domain();
            asked.add(name);
            List<Server> servers = ask(name);
            if (!servers.isEmpty()) {
                String protocol = service.endsWith("-ssl") ? "https" : srv.protocol();
                return servers.stream()
                        .sorted(Comparator.comparingInt(Server::priority))
                        .map(server -> protocol + "://" + server.host() + ":" + server.port())
                        .distinct()
                        .toList();
            }
        }
        throw new DcsException(
                "The DNS has no SRV record of etcd under "
                        + String.join(", ", asked)
                        + "; correct etcd3.srv, or name the servers under etcd3.hosts.");
    }

    // A Hashtable is what the JDK's naming interface takes. Its DNS provider makes text of SRV
    // records and deserializes nothing.
    @SuppressWarnings({"BanJNDI", "JdkObsolete"})
    private List<Server> ask(String name) {
        Hashtable<String, String> environment = new Hashtable<>();
        environment.put(Context.INITIAL_CONTEXT_FACTORY, "com.sun.jndi.dns.DnsContextFactory");
        environment.put(Context.PROVIDER_URL, resolver);
        environment.put("com.sun.jndi.dns.timeout.initial", PATIENCE_MILLIS);
        environment.put("com.sun.jndi.dns.timeout.retries", TRIES);
        try {
            InitialDirContext dns = new InitialDirContext(environment);
            try {
                Attribute records = dns.getAttributes(name, new String[] {"SRV"}).get("SRV");
                return records == null ? List.of() : servers(records);
            } finally {
                dns.close();
            }
        } catch (NameNotFoundException e) {
            return List.of();
        } catch (NamingException e) {
            throw new DcsException(
                    "The DNS could not be asked for " + name + ": " + e.getMessage() + ".", e);
        }
    }

    private static List<Server> servers(Attribute records) throws NamingException {
        List<Server> servers = new ArrayList<>();
        NamingEnumeration<?> all = records.getAll();
        while (all.hasMore()) {
            // Priority, weight, port, target.
            String[] words = String.valueOf(all.next()).split(" ", 4);
            servers.add(
                    new Server(
                            Integer.parseInt(words[0]),
                            words[3].replaceFirst("\\.$", ""),
                            Integer.parseInt(words[2])));
        }
        return servers;
    }
}
