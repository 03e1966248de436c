//! Which service runs this job, by the variables that each sets.

use std::ffi::{OsStr, OsString};

use crate::model::CiService;

/// Variables and services. The general one comes last.
const SERVICES: [CiService; 16] = [
    service("GITHUB_ACTIONS", "GitHub Actions"),
    service("GITLAB_CI", "GitLab CI"),
    service("BUILDKITE", "Buildkite"),
    service("CIRCLECI", "CircleCI"),
    service("FORGEJO_ACTIONS", "Forgejo Actions"),
    service("GITEA_ACTIONS", "Gitea Actions"),
    service("TRAVIS", "Travis CI"),
    service("APPVEYOR", "AppVeyor"),
    service("CIRRUS_CI", "Cirrus CI"),
    service("TF_BUILD", "Azure Pipelines"),
    service("TEAMCITY_VERSION", "TeamCity"),
    service("JENKINS_URL", "Jenkins"),
    service("BITBUCKET_BUILD_NUMBER", "Bitbucket Pipelines"),
    service("CODEBUILD_BUILD_ID", "AWS CodeBuild"),
    service("DRONE", "Drone"),
    service("CI", "a CI service that does not give its name"),
];

const fn service(variable: &'static str, name: &'static str) -> CiService {
    CiService { name, variable }
}

/// The service, by the environment; `None` on somebody's own machine.
pub fn ci_service(environment: &[(OsString, OsString)]) -> Option<CiService> {
    let is_set = |name: &str| {
        let value = environment.iter().find(|(known, _)| known == OsStr::new(name)).map(|(_, value)| value);
        value.is_some_and(|value| !["", "0", "false"].iter().any(|no| value == OsStr::new(no)))
    };
    // Those that stand in for GitHub's set its variable as well as their own.
    let stand_in = SERVICES[4..6].iter().find(|service| is_set(service.variable));
    stand_in.or_else(|| SERVICES.iter().find(|service| is_set(service.variable))).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(variables: &[(&str, &str)]) -> Option<&'static str> {
        let variables: Vec<_> = variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        ci_service(&variables).map(|service| service.name)
    }

    #[test]
    fn the_particular_service_beats_the_general_variable() {
        assert_eq!(name(&[("CI", "true"), ("GITHUB_ACTIONS", "true")]), Some("GitHub Actions"));
        assert_eq!(
            name(&[("CI", "true"), ("GITHUB_ACTIONS", "true"), ("GITEA_ACTIONS", "true")]),
            Some("Gitea Actions")
        );
        assert_eq!(name(&[("CI", "1")]), Some("a CI service that does not give its name"));
    }

    #[test]
    fn a_variable_that_says_no_is_no_service() {
        assert_eq!(name(&[("CI", "false"), ("HOME", "/root"), ("TRAVIS", "")]), None);
    }
}
