package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

/** The report says what the trials' files say. */
final class ReportTest {
    @TempDir Path directory;

    @Test
    void aTrialIsReadAsItWasWritten() {
        Chronicle trial = trial("cut off", 4200, List.of());

        trial.write(directory);

        assertThat(Chronicle.readAll(directory)).containsExactly(trial);
    }

    @Test
    void thePageIsWellFormedAndHasAPictureOfEachTrial() throws Exception {
        Document page =
                parsed(
                        new Report(
                                List.of(
                                        trial("cut off", 4200, List.of()),
                                        trial("cut off", 9100, List.of("3/14")))));

        assertThat(page.getElementsByTagName("svg").getLength()).isEqualTo(2);
        assertThat(page.getElementsByTagName("h2").getLength()).isEqualTo(2);
        assertThat(page.getDocumentElement().getTextContent())
                .contains("3/14")
                .contains("was rewound and follows")
                .contains("<killed> & \"gone\"");
    }

    @Test
    void trialsOfOneKindAreOneLineWithMedianAndWorst() throws Exception {
        Document page =
                parsed(
                        new Report(
                                List.of(
                                        trial("cut off", 4000, List.of()),
                                        trial("cut off", 9000, List.of()),
                                        trial("cut off", 5000, List.of()),
                                        trial("host dead", 1000, List.of()))));

        assertThat(page.getElementsByTagName("tr").getLength()).isEqualTo(1 + 2);
        assertThat(page.getElementsByTagName("tr").item(1).getTextContent())
                .contains("5000 ms")
                .contains("9000 ms");
    }

    private static Document parsed(Report report) throws Exception {
        String html = report.html();
        String body = html.substring(html.indexOf("<html"));
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader(body)));
    }

    private static Chronicle trial(String title, long gapMillis, List<String> lost) {
        return new Chronicle(
                title,
                "ttl 4, hosts",
                "pg1",
                "pg2",
                "was rewound and follows",
                gapMillis,
                100,
                lost,
                List.of(),
                3,
                List.of("2/7"),
                List.of(),
                List.of(),
                0,
                12.5,
                List.of(new Chronicle.Point(1.5, "<killed> & \"gone\"")),
                Map.of(
                        "pg1",
                        List.of(new Chronicle.Point(0, "primary"), new Chronicle.Point(2, "")),
                        Recorder.LEADER_KEY,
                        List.of(new Chronicle.Point(0, "pg1"), new Chronicle.Point(6, "pg2")),
                        Recorder.SYNC_KEY,
                        List.of(new Chronicle.Point(0, "pg2"), new Chronicle.Point(6, "nobody"))),
                List.of(0, 20, 25, 0, 0, 30));
    }
}
