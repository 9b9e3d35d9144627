package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

/** What must have come of a scenario. */
final class Scenarios {
    private Scenarios() {}

    /** When it does not, the ends of the logs are printed. */
    static void assertKeepsPromises(
            Scenario scenario, TestCluster cluster, Scenario.Lasting lasting) {
        try {
            Trial.Outcome outcome = scenario.run(cluster, lasting);
            System.out.println(scenario.title() + ": " + outcome);
            Chronicle.of(scenario.title(), cluster.plan().toString(), outcome)
                    .write(Chronicle.directory());
            assertThat(outcome.overlaps())
                    .as("times in which two members accepted writes")
                    .isEmpty();
            assertThat(outcome.rows().acknowledged()).as("acknowledged rows").isPositive();
            assertThat(outcome.rows().lost()).as("acknowledged rows that are gone").isEmpty();
            assertThat(outcome.rows().doubled()).as("rows that are there twice").isEmpty();
            assertThat(outcome.unkept())
                    .as("rows acknowledged without a synchronous standby though /sync named one")
                    .isEmpty();
            assertThat(outcome.anomalies()).as("of what the lists' clients saw").isEmpty();
            switch (scenario.after()) {
                case SAME -> assertThat(outcome.after()).isEqualTo(outcome.before());
                case ANOTHER -> assertThat(outcome.after()).isNotEqualTo(outcome.before());
                case ANY -> {}
            }
        } catch (RuntimeException | Error e) {
            System.err.println(scenario + " failed; the ends of the logs:");
            System.err.println(cluster.logs());
            throw e;
        }
    }
}
