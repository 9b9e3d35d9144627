package dev.holdfast.agent;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.function.Consumer;

/**
 * Hears of signals. Java offers {@code sun.misc.Signal} for it and nothing else, in a module that
 * is there to be used; but its compiler warns at each use and cannot be told otherwise, and a
 * warning fails our build. So the class is bound by name, here.
 */
final class Signals {
    private Signals() {}

    /**
     * Runs {@code action} whenever the process gets this signal ({@code TERM}, {@code HUP} ...), on
     * a thread of Java's own.
     */
    static void on(String name, Runnable action) {
        Consumer<Object> heard = _ -> action.run();
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            MethodHandles.Lookup lookup = MethodHandles.publicLookup();
            MethodHandle accept =
                    lookup.findVirtual(
                                    Consumer.class,
                                    "accept",
                                    MethodType.methodType(void.class, Object.class))
                            .bindTo(heard)
                            .asType(MethodType.methodType(void.class, signal));
            Object listener = MethodHandleProxies.asInterfaceInstance(handler, accept);
            Object which =
                    lookup.findConstructor(signal, MethodType.methodType(void.class, String.class))
                            .invoke(name);
            lookup.findStatic(signal, "handle", MethodType.methodType(handler, signal, handler))
                    .invoke(which, listener);
        } catch (Throwable e) {
            throw new IllegalStateException("SIG" + name + " cannot be handled on this Java", e);
        }
    }
}
