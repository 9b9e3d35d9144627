package dev.holdfast.agent.show;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.holdfast.core.MonoTime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The dashboard in {@code docs/} asks for nothing that no member has. */
class DashboardTest {
    private static final Pattern METRIC = Pattern.compile("\\b(?:patroni|holdfast)_[a-z_]+");

    @Test
    void everyMetricOfTheDashboardExists() throws IOException {
        AgentMetrics metrics = new AgentMetrics("demo", "pg1", () -> null, () -> new MonoTime(1));
        metrics.onTimer(Duration.ofMillis(1));
        metrics.onStoreRequest("read", "answered", Duration.ofMillis(2));
        metrics.countDecision("lead.steady");
        SortedSet<String> exported = new TreeSet<>();
        metrics.scrape()
                .lines()
                .filter(line -> !line.startsWith("#"))
                .forEach(line -> exported.add(line.split("[{ ]", 2)[0]));

        SortedSet<String> asked = new TreeSet<>();
        JsonNode dashboard =
                JsonMapper.builder()
                        .build()
                        .readTree(Files.readString(Path.of("../docs/grafana-dashboard.json")));
        for (JsonNode panel : dashboard.path("panels")) {
            for (JsonNode target : panel.path("targets")) {
                Matcher names = METRIC.matcher(target.path("expr").asText());
                while (names.find()) {
                    asked.add(names.group());
                }
            }
        }

        assertThat(asked).hasSizeGreaterThan(10);
        assertThat(exported).containsAll(asked);
        assertThat(metrics.scrape())
                .contains("holdfast_last_failover_seconds{name=\"pg1\",phase=\"race\"")
                .contains("outcome=\"answered\",request=\"read\"");
    }
}
