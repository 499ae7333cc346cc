//! The page as a browser sees it, without a browser.

mod changes;
mod deleting;
mod fixture;
mod hostile;
mod login;
mod screens;
