//! Holds the import table of ARCHITECTURE.md against the manifests.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

/// One row: a package, its level, and which workspace packages it may import.
struct Row {
    package: String,
    level: u32,
    may_import: BTreeSet<String>,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Reads the rows between the two marks in ARCHITECTURE.md: `| level | package | … | may import |`.
fn table() -> Vec<Row> {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let table = text.split("<!-- import table -->").nth(1).expect("the table stands between marks");
    let names = |cell: &str| -> Vec<String> {
        cell.split('`').filter(|name| name.starts_with("longmem")).map(str::to_owned).collect()
    };
    table
        .lines()
        .map(|line| line.split('|').map(str::trim).collect::<Vec<_>>())
        .filter(|cells| cells.len() > 4 && cells[1].parse::<u32>().is_ok())
        .map(|cells| Row {
            package: names(cells[2]).remove(0),
            level: cells[1].parse().expect("filtered above"),
            may_import: names(cells[4]).into_iter().collect(),
        })
        .collect()
}

fn manifest(folder: &Path) -> Table {
    let text = std::fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest");
    text.parse().expect("manifests are TOML")
}

fn workspace_dependencies(manifest: &Table, section: &str) -> BTreeSet<String> {
    let names = manifest.get(section).and_then(Value::as_table).into_iter().flat_map(Table::keys);
    names.filter(|name| name.starts_with("longmem")).cloned().collect()
}

fn packages() -> Vec<Table> {
    let crates = std::fs::read_dir(root().join("crates")).expect("crates/");
    crates
        .map(|entry| manifest(&entry.expect("a readable folder").path()))
        .chain([manifest(&root())])
        .collect()
}

#[test]
fn every_package_imports_what_the_table_allows_and_nothing_else() {
    let rows = table();
    for package in packages() {
        let name = package["package"]["name"].as_str().expect("packages have names");
        let row = rows
            .iter()
            .find(|row| row.package == name)
            .unwrap_or_else(|| panic!("{name} is not in the table of ARCHITECTURE.md"));
        for import in workspace_dependencies(&package, "dependencies") {
            assert!(row.may_import.contains(&import), "{name} may not import {import}");
            let level = rows.iter().find(|row| row.package == import).map(|row| row.level);
            assert!(level < Some(row.level), "{name} imports {import}, which is not below it");
        }
    }
}

/// The packages that are programs; all others are libraries.
const PROGRAMS: [&str; 2] = ["longmem", "longmem-lab"];

#[test]
fn only_programs_name_the_embedding_crate_and_a_store() {
    for package in packages() {
        let name = package["package"]["name"].as_str().expect("packages have names");
        let imports = workspace_dependencies(&package, "dependencies");
        for import in ["longmem-embed", "longmem-sqlite"] {
            assert_eq!(imports.contains(import), PROGRAMS.contains(&name), "{name}: {import}");
        }
    }
}

#[test]
fn nothing_imports_a_program() {
    for package in packages() {
        let imports = workspace_dependencies(&package, "dependencies");
        for program in PROGRAMS {
            assert!(!imports.contains(program), "{}", package["package"]["name"]);
        }
    }
}

#[test]
fn what_tests_share_is_never_shipped() {
    for package in packages() {
        let imports = workspace_dependencies(&package, "dependencies");
        assert!(!imports.contains("longmem-test-support"), "{}", package["package"]["name"]);
    }
}
