package dev.holdfast.ctl;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Opens the stores of several clusters and closes them all. */
final class Stores {
    private Stores() {}

    static void with(Session session, List<String> scopes, Consumer<List<ClusterStore>> work) {
        List<ClusterStore> stores = new ArrayList<>();
        try {
            scopes.forEach(scope -> stores.add(session.open(scope)));
            work.accept(List.copyOf(stores));
        } finally {
            stores.forEach(ClusterStore::close);
        }
    }
}
