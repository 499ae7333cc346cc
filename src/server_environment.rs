//! What the variables and files of PostgreSQL's own programs say of a server: host, account, password.

use std::path::{Path, PathBuf};

use longmem_postgres::{AddressDefaults, AddressParts};

use crate::{Error, Folders, ServerAddress, environment};

/// Folders in which servers put their sockets, where nobody says another one.
const SOCKET_FOLDERS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

/// The port in the name of a socket, unless another one is named.
const PORT: &str = "5432";

/// The host of who has neither a host nor a socket.
const THIS_MACHINE: &str = "localhost";

impl ServerAddress {
    /// The address with what the environment says where it says nothing itself, as psql does it:
    /// `PGHOST`, `PGPORT`, `PGUSER`, `PGDATABASE`, `PGSSLMODE`, `PGSSLROOTCERT`. The password is that of the
    /// address, else `PGPASSWORD`, else the first line of `password_file`, else that of the file which
    /// `PGPASSFILE` names, or of `~/.pgpass`.
    ///
    /// `LONGMEM_MIGRATE=1` lets tables be changed that an older version made.
    ///
    /// # Errors
    /// [`Error::PasswordFile`] if `password_file` cannot be read or is empty.
    pub fn with_environment(
        self,
        folders: &Folders,
        password_file: Option<&Path>,
    ) -> Result<Self, Error> {
        self.with_variables(&folders.home, password_file, environment::read)
    }

    fn with_variables(
        self,
        home: &Path,
        password_file: Option<&Path>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Error> {
        let root_certificate = home.join(".postgresql").join("root.crt");
        let port = variable("PGPORT");
        let defaults = AddressDefaults {
            hosts: variable("PGHOST").or_else(|| Some(usual_host(port.as_deref()))),
            port,
            user: variable("PGUSER"),
            database: variable("PGDATABASE"),
            ssl_mode: variable("PGSSLMODE"),
            ssl_root_certificate: variable("PGSSLROOTCERT").or_else(|| {
                root_certificate.exists().then(|| root_certificate.display().to_string())
            }),
        };
        let migrate = variable(environment::MIGRATE).as_deref() == Some("1");
        let address = self.with_defaults(defaults).with_migration(migrate);
        if let Some(password) = variable("PGPASSWORD") {
            return Ok(address.with_password(Some(password)));
        }
        if let Some(file) = password_file {
            return Ok(address.with_password(Some(first_line(file)?)));
        }
        // An address that cannot be read is said when the memory is opened.
        let Some(parts) = address.parts().ok().filter(|parts| !parts.has_password) else {
            return Ok(address);
        };
        let file = variable("PGPASSFILE").map_or_else(|| home.join(".pgpass"), PathBuf::from);
        let account = parts.user.clone().or_else(|| variable("USER")).unwrap_or_default();
        let password = passwords(&file).and_then(|text| password_in(&text, &parts, &account));
        Ok(address.with_password(password))
    }
}

/// The folder of a socket that is there, else this machine by its name.
fn usual_host(port: Option<&str>) -> String {
    let socket = format!(".s.PGSQL.{}", port.unwrap_or(PORT));
    let folder = SOCKET_FOLDERS.into_iter().find(|folder| Path::new(folder).join(&socket).exists());
    folder.unwrap_or(THIS_MACHINE).to_owned()
}

/// The password in a file of its own.
fn first_line(file: &Path) -> Result<String, Error> {
    let failed = |reason: String| Error::PasswordFile { file: file.to_owned(), reason };
    let text = std::fs::read_to_string(file).map_err(|error| failed(error.to_string()))?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        return Err(failed("its first line, which should be the password, is empty".to_owned()));
    }
    Ok(line.to_owned())
}

/// The text of a file of passwords. One that others may read is passed over, as libpq does it.
fn passwords(file: &Path) -> Option<String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let found = file.metadata().ok()?;
        if !found.is_file() || found.permissions().mode() & 0o077 != 0 {
            return None;
        }
    }
    std::fs::read_to_string(file).ok()
}

/// The password for the first host that has one: lines are `host:port:database:user:password`, `*` stands
/// for anything, and `\` before a colon or itself.
fn password_in(text: &str, parts: &AddressParts, account: &str) -> Option<String> {
    let database = parts.database.as_deref().unwrap_or(account);
    let lines: Vec<Vec<String>> =
        text.lines().filter(|line| !line.starts_with('#')).map(fields).collect();
    parts.hosts.iter().find_map(|(host, port)| {
        // The usual folder of a socket is called localhost there.
        let host = if SOCKET_FOLDERS.contains(&host.as_str()) { THIS_MACHINE } else { host };
        let wanted = [host, &port.to_string(), database, account];
        let line = lines.iter().find(|line| {
            line.len() == wanted.len() + 1
                && line.iter().zip(wanted).all(|(field, wanted)| field == "*" || field == wanted)
        })?;
        line.last().filter(|password| !password.is_empty()).cloned()
    })
}

/// The fields of a line; the fifth holds the rest.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => fields.last_mut().expect("there is one").extend(characters.next()),
            ':' if fields.len() < 5 => fields.push(String::new()),
            other => fields.last_mut().expect("there is one").push(other),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(address: &str, home: &Path, variables: &[(&str, &str)]) -> ServerAddress {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        ServerAddress::new(address).with_variables(home, None, variable).unwrap()
    }

    fn password(address: &ServerAddress) -> Option<String> {
        address.options().password
    }

    #[test]
    fn what_an_address_leaves_out_is_filled_in() {
        let home = tempfile::tempdir().unwrap();
        let variables =
            [("PGHOST", "db1,db2"), ("PGPORT", "6000"), ("PGUSER", "ana"), ("PGDATABASE", "m")];
        let filled = read("postgres://", home.path(), &variables);
        assert_eq!(filled.place(), "postgres://db1:6000,db2:6000/m");
        assert_eq!(filled.parts().unwrap().user.as_deref(), Some("ana"));
        assert_eq!(
            read("postgres://db/x", home.path(), &variables).place(),
            "postgres://db:6000/x"
        );
    }

    #[test]
    #[cfg(unix)]
    fn a_file_of_passwords_is_read_as_libpq_reads_it() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join(".pgpass");
        let text = "# known\ndb1:5432:memory:eva:no\ndb1:*:memory:ana:a\\:b\\\\c:d\n*:*:*:*:any\n";
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
        let of = |address: &str, variables: &[(&str, &str)]| {
            password(&read(address, home.path(), variables))
        };
        assert_eq!(of("postgres://ana@db1/memory", &[]).as_deref(), Some("a:b\\c:d"));
        assert_eq!(of("postgres://ana@db2/memory", &[]).as_deref(), Some("any"));
        assert_eq!(of("postgres://ana:own@db1/memory", &[]), None);
        let named = [("PGPASSWORD", "first")];
        assert_eq!(of("postgres://ana@db1/memory", &named).as_deref(), Some("first"));
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
        assert_eq!(of("postgres://ana@db1/memory", &[]), None);
    }

    #[test]
    fn a_password_file_of_ones_own_must_hold_one() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("password");
        let read = || {
            let address = ServerAddress::new("postgres://ana@db/x");
            address.with_variables(home.path(), Some(&file), |_| None)
        };
        assert!(read().unwrap_err().to_string().contains("password"));
        std::fs::write(&file, "\nsecret").unwrap();
        assert!(!read().unwrap_err().to_string().contains("secret"));
        std::fs::write(&file, "secret\n").unwrap();
        assert_eq!(password(&read().unwrap()).as_deref(), Some("secret"));
    }
}
