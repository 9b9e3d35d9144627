package dev.holdfast.ctl;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.WeakHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Holds the rules of modules and packages that Maven cannot see. It reads the compiled classes of
 * every module that is shipped, by path, so nothing of the agent has to be on the class path of
 * {@code ctl}.
 */
final class ArchitectureTest {
    private static final List<String> MODULES =
            List.of("core", "tls", "dcs", "api", "agent", "sim", "ctl");
    private static final JavaClasses HOLDFAST =
            new ClassFileImporter()
                    .importPaths(MODULES.stream().map(ArchitectureTest::compiled).toList());

    private static Path compiled(String module) {
        return Path.of("..", module, "target", "classes");
    }

    @ParameterizedTest
    @ValueSource(strings = {"core", "tls", "dcs", "api", "agent", "sim", "ctl"})
    void everyModuleIsCompiledAndThereforeChecked(String module) {
        assertThat(compiled(module))
                .as(
                        "classes of %s: build from the top, or with -am, so that they are there",
                        module)
                .matches(Files::isDirectory);
        assertThat(HOLDFAST.stream().map(JavaClass::getPackageName))
                .anyMatch(name -> (name + ".").startsWith("dev.holdfast." + module + "."));
    }

    /** A module may use what is named for it, besides itself. */
    @ParameterizedTest
    @CsvSource({
        "core,''",
        "tls,core",
        "dcs,core tls",
        "api,core tls",
        "agent,core tls dcs api",
        "sim,core dcs agent",
        "ctl,core tls dcs api"
    })
    void modulesDependInOneDirection(String module, String allowed) {
        List<String> forbidden =
                MODULES.stream()
                        .filter(other -> !other.equals(module))
                        .filter(other -> !List.of(allowed.split(" ")).contains(other))
                        .map(ArchitectureTest::packagesOf)
                        .toList();
        check(
                noClasses()
                        .that(resideInAPackage(packagesOf(module)))
                        .should()
                        .dependOnClassesThat(resideInAnyPackage(forbidden.toArray(String[]::new))));
    }

    private static String packagesOf(String module) {
        return "dev.holdfast." + module + "..";
    }

    @Test
    void coreUsesOnlyTheJdkAndAnnotations() {
        check(
                classes()
                        .that(resideInAPackage("dev.holdfast.core.."))
                        .should()
                        .onlyDependOnClassesThat(
                                resideInAnyPackage(
                                        "dev.holdfast.core..", "java..", "org.jspecify..")));
    }

    @Test
    void coreNeitherReadsNorWritesNorLogsNorStartsThreads() {
        DescribedPredicate<JavaClass> outside =
                resideInAnyPackage(
                                "java.io..",
                                "java.net..",
                                "java.nio..",
                                "java.sql..",
                                "java.util.concurrent..",
                                "java.util.logging..")
                        .and(not(type(Serializable.class)))
                        .and(not(type(TimeUnit.class)))
                        .or(belongToAnyOf(Thread.class, ThreadLocal.class, Process.class))
                        .as("are outside the decision: I/O, threads, locks, logging");
        check(
                noClasses()
                        .that(resideInAPackage("dev.holdfast.core.."))
                        .should()
                        .dependOnClassesThat(outside));
    }

    @Test
    void coreGivesTheSameAnswerInEveryRun() {
        DescribedPredicate<JavaClass> undetermined =
                belongToAnyOf(
                                HashMap.class,
                                HashSet.class,
                                IdentityHashMap.class,
                                WeakHashMap.class,
                                Random.class,
                                SplittableRandom.class,
                                Clock.class)
                        .or(resideInAPackage("java.util.random.."))
                        .as("differ from run to run: hash order, random, clock");
        check(
                noClasses()
                        .that(resideInAPackage("dev.holdfast.core.."))
                        .should()
                        .dependOnClassesThat(undetermined)
                        .orShould()
                        .accessTargetWhere(differsFromRunToRun()));
    }

    /**
     * Calls into classes that are otherwise welcome: the order of {@code Set.of} changes with each
     * JVM, a clock's answer too.
     */
    private static DescribedPredicate<JavaAccess<?>> differsFromRunToRun() {
        Map<Class<?>, Set<String>> forbidden =
                Map.of(
                        System.class,
                        Set.of(
                                "nanoTime",
                                "currentTimeMillis",
                                "getenv",
                                "getProperty",
                                "out",
                                "err",
                                "identityHashCode"),
                        Map.class,
                        Set.of("of", "ofEntries", "copyOf"),
                        Set.class,
                        Set.of("of", "copyOf"),
                        Collectors.class,
                        Set.of(
                                "toSet",
                                "toMap",
                                "groupingBy",
                                "toUnmodifiableSet",
                                "toUnmodifiableMap"),
                        Math.class,
                        Set.of("random"),
                        java.util.UUID.class,
                        Set.of("randomUUID"),
                        java.util.Collections.class,
                        Set.of("shuffle"),
                        java.time.Instant.class,
                        Set.of("now"));
        return DescribedPredicate.describe(
                "differs from run to run",
                access ->
                        forbidden.entrySet().stream()
                                .anyMatch(entry ->
                                        access.getTargetOwner().isEquivalentTo(entry.getKey())
                                                && entry.getValue()
                                                        .contains(access.getTarget().getName())));
    }

    /** Which of our packages may see which library: the others must not learn that it is there. */
    @ParameterizedTest
    @CsvSource({
        "io.etcd.., dev.holdfast.dcs.etcd..",
        "io.grpc.., dev.holdfast.dcs.etcd..",
        "io.netty.., dev.holdfast.dcs.etcd.. dev.holdfast.api.server..",
        "io.vertx.., dev.holdfast.dcs.etcd.. dev.holdfast.api.. dev.holdfast.agent..",
        "java.sql.., dev.holdfast.agent.. dev.holdfast.ctl..",
        "javax.net.ssl.., dev.holdfast.tls.. dev.holdfast.dcs.etcd.. dev.holdfast.api..",
        "org.postgresql.., dev.holdfast.agent..",
        "picocli.., dev.holdfast.ctl..",
        "ch.qos.logback.., dev.holdfast.agent..",
    })
    void aLibraryIsSeenOnlyWhereItBelongs(String library, String allowed) {
        check(
                noClasses()
                        .that(not(resideInAnyPackage(allowed.split(" "))))
                        .should()
                        .dependOnClassesThat(resideInAPackage(library)));
    }

    /** The simulator drives the loop through its ports: what is below them would be real. */
    @Test
    void theSimulatorKnowsOfTheAgentOnlyTheLoopItsPortsAndWhatIsPublished() {
        check(
                noClasses()
                        .that(resideInAPackage("dev.holdfast.sim.."))
                        .should()
                        .dependOnClassesThat(
                                resideInAnyPackage(
                                        "dev.holdfast.agent",
                                        "dev.holdfast.agent.guard..",
                                        "dev.holdfast.agent.time..",
                                        "dev.holdfast.dcs.etcd..")));
    }

    @Test
    void theSimulatorHasNeitherClockNorChanceNorThreadsOfItsOwn() {
        check(
                noClasses()
                        .that(resideInAPackage("dev.holdfast.sim.."))
                        .and()
                        .doNotHaveFullyQualifiedName("dev.holdfast.sim.Main")
                        .should()
                        .dependOnClassesThat(
                                belongToAnyOf(
                                        Thread.class,
                                        Clock.class,
                                        Random.class,
                                        SplittableRandom.class,
                                        HashMap.class,
                                        HashSet.class,
                                        IdentityHashMap.class))
                        .orShould()
                        .accessTargetWhere(differsFromRunToRun()));
    }

    @Test
    void onlyTheWiringKnowsTheEtcdAdapter() {
        Set<String> users =
                HOLDFAST.stream()
                        .filter(not(resideInAPackage("dev.holdfast.dcs.etcd..")))
                        .filter(user ->
                                user.getDirectDependenciesFromSelf().stream()
                                        .anyMatch(dependency ->
                                                resideInAPackage("dev.holdfast.dcs.etcd..")
                                                        .test(dependency.getTargetClass())))
                        .map(ArchitectureTest::topLevelName)
                        .collect(Collectors.toCollection(TreeSet::new));
        users.remove("dev.holdfast.agent.Agent");
        assertThat(users)
                .as(
                        "classes besides the agent's Main that use the etcd adapter: one of ctl's may, which wires it")
                .allMatch(name -> name.startsWith("dev.holdfast.ctl."))
                .hasSizeLessThanOrEqualTo(1);
    }

    private static String topLevelName(JavaClass nested) {
        return nested.getEnclosingClass()
                .map(ArchitectureTest::topLevelName)
                .orElse(nested.getName());
    }

    @Test
    void namesSayWhatAClassIsFor() {
        check(
                noClasses()
                        .should()
                        .haveNameMatching(".*(Manager|Helper|Utils?|Impl|Master|Slave)(\\$.*)?"));
    }

    @Test
    void everyPackageIsNullMarked() {
        assertThat(
                        HOLDFAST.stream()
                                .map(JavaClass::getPackage)
                                .distinct()
                                .filter(each -> !each.isAnnotatedWith(NullMarked.class))
                                .map(JavaPackage::getName))
                .as("packages without a package-info.java with @NullMarked")
                .isEmpty();
    }

    private static void check(ArchRule rule) {
        rule.allowEmptyShould(true).check(HOLDFAST);
    }
}
