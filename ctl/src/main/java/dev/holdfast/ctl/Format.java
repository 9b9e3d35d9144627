package dev.holdfast.ctl;

/** How a table is written. */
enum Format {
    PRETTY,
    TSV,
    JSON,
    YAML;

    String write(Table table) {
        return switch (this) {
            case PRETTY -> PrettyTable.write(table);
            case TSV -> MachineFormats.tsv(table);
            case JSON -> MachineFormats.json(table);
            case YAML -> MachineFormats.yaml(table);
        };
    }

    /** As it is named on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
