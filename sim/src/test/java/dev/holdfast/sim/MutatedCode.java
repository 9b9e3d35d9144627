package dev.holdfast.sim;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongFunction;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/**
 * Holdfast with some of its sources changed: compiled in memory, and loaded with all of Holdfast
 * anew, so that what is mutated meets no other copy of itself.
 */
final class MutatedCode extends ClassLoader {
    private static final Path CHECKOUT =
            Path.of(System.getProperty("holdfast.checkout", "..")).toAbsolutePath();

    private final Map<String, byte[]> changed;

    private MutatedCode(Map<String, byte[]> changed) {
        super("mutated", MutatedCode.class.getClassLoader());
        this.changed = changed;
    }

    /** The simulator on the mutated code. */
    @SuppressWarnings("unchecked")
    static LongFunction<String> simulator(Mutation mutation)
            throws IOException, ReflectiveOperationException {
        return (LongFunction<String>)
                new MutatedCode(compiled(mutation))
                        .loadClass(Search.class.getName())
                        .getDeclaredConstructor()
                        .newInstance();
    }

    private static Map<String, byte[]> compiled(Mutation mutation) throws IOException {
        Map<String, String> sources = new TreeMap<>();
        for (Mutation.Edit edit : mutation.edits()) {
            String source =
                    sources.containsKey(edit.source())
                            ? sources.get(edit.source())
                            : Files.readString(CHECKOUT.resolve(edit.source()));
            int at = source.indexOf(edit.snippet());
            if (at < 0 || source.indexOf(edit.snippet(), at + 1) >= 0) {
                throw new IllegalStateException(
                        "the mutation \""
                                + mutation
                                + "\" needs this exactly once in "
                                + edit.source()
                                + ": "
                                + edit.snippet()
                                + "; follow what the code has become, or the rule is tested no"
                                + " more");
            }
            sources.put(
                    edit.source(),
                    source.substring(0, at)
                            + edit.replacement()
                            + source.substring(at + edit.snippet().length()));
        }
        List<JavaFileObject> units = new ArrayList<>();
        sources.forEach((path, text) -> units.add(new Source(path, text)));
        JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
        StringBuilder said = new StringBuilder();
        try (InMemory output = new InMemory(javac.getStandardFileManager(null, null, null))) {
            boolean done =
                    javac.getTask(
                                    null,
                                    output,
                                    problem -> said.append(problem).append('\n'),
                                    List.of(
                                            "-proc:none",
                                            "-classpath",
                                            System.getProperty("java.class.path")),
                                    null,
                                    units)
                            .call();
            if (!done) {
                throw new IllegalStateException(
                        "the mutation \"" + mutation + "\" does not compile: " + said);
            }
            return output.classes();
        }
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!name.startsWith("dev.holdfast.")) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> known = findLoadedClass(name);
            return known == null ? define(name) : known;
        }
    }

    private Class<?> define(String name) throws ClassNotFoundException {
        byte[] code = changed.get(name);
        if (code == null) {
            String file = name.replace('.', '/') + ".class";
            try (InputStream original = getParent().getResourceAsStream(file)) {
                if (original == null) {
                    throw new ClassNotFoundException(name);
                }
                code = original.readAllBytes();
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
        return defineClass(name, code, 0, code.length);
    }

    private static final class Source extends SimpleJavaFileObject {
        private final String text;

        Source(String path, String text) {
            super(URI.create("memory:///" + path), Kind.SOURCE);
            this.text = text;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }

        @Override
        public boolean isNameCompatible(String simpleName, Kind kind) {
            return getName().endsWith("/" + simpleName + kind.extension);
        }
    }

    private static final class Compiled extends SimpleJavaFileObject {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        Compiled(String className) {
            super(URI.create("memory:///" + className.replace('.', '/') + ".class"), Kind.CLASS);
        }

        @Override
        public OutputStream openOutputStream() {
            return bytes;
        }
    }

    private static final class InMemory extends ForwardingJavaFileManager<JavaFileManager> {
        private final Map<String, Compiled> outputs = new TreeMap<>();

        InMemory(JavaFileManager behind) {
            super(behind);
        }

        @Override
        public JavaFileObject getJavaFileForOutput(
                Location location, String className, JavaFileObject.Kind kind, FileObject sibling) {
            return outputs.computeIfAbsent(className, Compiled::new);
        }

        Map<String, byte[]> classes() {
            Map<String, byte[]> classes = new TreeMap<>();
            outputs.forEach((name, output) -> classes.put(name, output.bytes.toByteArray()));
            return classes;
        }
    }
}
